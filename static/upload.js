// A form with a large file: shows how far it is. Without this it is sent all the same, with nothing to see meanwhile.
const megabytes = (bytes) => (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });

function show(progress, event) {
  const [words, bar] = [progress.querySelector("label"), progress.querySelector("progress")];
  const percent = Math.floor((100 * event.loaded) / event.total);
  bar.value = percent;
  // Read aloud at each tenth only.
  const tenth = percent - (percent % 10);
  words.setAttribute("aria-live", words.dataset.tenth === `${tenth}` ? "off" : "polite");
  words.dataset.tenth = tenth;
  words.textContent =
    event.loaded === event.total
      ? words.dataset.storing
      : words.dataset.words
          .replace("{percent}", percent)
          .replace("{done}", megabytes(event.loaded))
          .replace("{all}", megabytes(event.total));
}

function alarm(form, text) {
  form.querySelector("[role=alert]")?.remove();
  const alert = document.createElement("div");
  alert.className = "alert alert-danger";
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  form.querySelector(".card-body").prepend(alert);
}

// What was wrong, out of the page that the server answered with.
function reason(page) {
  const found = new DOMParser().parseFromString(page, "text/html").querySelectorAll(".invalid-feedback");
  return Array.from(found, (element) => element.textContent.trim()).join(" ");
}

export default function (form) {
  const progress = form.querySelector(".upload-progress");
  const send = form.querySelector("[type=submit]");

  function end(text) {
    progress.hidden = true;
    send.disabled = false;
    alarm(form, text || form.dataset.failed);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // The server would close the connection before all of it was sent, and the browser would not show why.
    const file = form.querySelector("[type=file]").files[0];
    if (file && file.size > Number(form.dataset.most)) return alarm(form, form.dataset.tooLarge);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => step.lengthComputable && show(progress, step));
    request.addEventListener("load", () => {
      if (request.status === 201) location.assign(request.getResponseHeader("Location"));
      else end(reason(request.responseText));
    });
    request.addEventListener("error", () => end(""));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/plain");
    request.send(new FormData(form));
    send.disabled = true;
    progress.hidden = false;
  });
}
