// Choosing many rows: a box in the heading for all of the page, and the number of chosen rows on the button.
export default function (form) {
  const boxes = () => [...document.querySelectorAll(`input[type=checkbox][name=station][form="${form.id}"]`)];
  const everything = form.querySelector("[name=all]");
  const button = form.querySelector("button");
  const text = button.textContent;

  function show() {
    const whole = document.querySelector("[data-choose-page]");
    const chosen = boxes().filter((box) => box.checked).length;
    if (whole) {
      whole.hidden = false;
      whole.checked = chosen > 0 && chosen === boxes().length;
      whole.indeterminate = chosen > 0 && !whole.checked;
    }
    button.textContent = chosen && !everything.checked ? `${text} (${chosen})` : text;
    button.disabled = !chosen && !everything.checked;
  }

  function changed(event) {
    if (!form.isConnected) return document.removeEventListener("change", changed);
    if (event.target.matches("[data-choose-page]")) for (const box of boxes()) box.checked = event.target.checked;
    show();
  }
  document.addEventListener("change", changed);
  addEventListener("htmx:after:swap", () => form.isConnected && show());
  show();
}
