// A dialog for what would otherwise be a page of its own: it opens when something was put into it.
export default function (dialog) {
  const content = () => dialog.querySelector("#ask");

  function opens() {
    if (!dialog.isConnected) removeEventListener("htmx:after:swap", opens);
    else if (!dialog.open && content()?.childElementCount) dialog.showModal();
  }
  addEventListener("htmx:after:swap", opens);

  dialog.addEventListener("click", (event) => {
    // A click beside it is a click on the dialog itself; its content covers the rest.
    if (!event.target.closest("[data-close]") && event.target !== dialog) return;
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
  }, true);

  // An empty one listens to nothing and holds no form.
  dialog.addEventListener("close", () => {
    const empty = document.createElement("div");
    empty.id = "ask";
    content().replaceWith(empty);
  });
}
