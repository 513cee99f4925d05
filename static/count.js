// How many boxes of a form are ticked, in words.
export default function (element) {
  const boxes = () => [...document.querySelectorAll(`input[type=checkbox][name=station][form="${element.dataset.form}"]`)];
  function show() {
    element.textContent = element.dataset.text.replace("{count}", boxes().filter((box) => box.checked).length);
  }
  function changed(event) {
    if (!element.isConnected) return document.removeEventListener("change", changed);
    if (event.target.name === "station") show();
  }
  document.addEventListener("change", changed);
}
