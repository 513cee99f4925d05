// What pages gain from a script. Everything else is HTML and htmx; without this file the portal still works.
(() => {
  "use strict";

  // The viewer's time zone: the server writes times in it from the next request on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`tz=${zone}`)) {
    document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  // -- times that tick ---------------------------------------------------------------------------------------
  const language = document.documentElement.lang;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  function ago(seconds) {
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
    return relative.format(-Math.round(seconds / size), unit);
  }

  function elapsed(seconds) {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
    if (hours < 1) return `${minutes} min`;
    if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
    return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-tick]")) {
      const seconds = (Date.now() - new Date(time.dateTime)) / 1000;
      if (time.dataset.tick === "since") time.textContent = elapsed(seconds);
      else if (Math.abs(seconds) >= 10) time.textContent = ago(seconds);
    }
  }
  setInterval(tick, 5000);

  // -- the live stream ---------------------------------------------------------------------------------------
  let lost = false;
  let losing = null;

  function showLive(state) {
    clearTimeout(losing);
    losing = null;
    const line = document.getElementById("live-state");
    if (!line) return;
    lost = state === "lost";
    line.hidden = false;
    line.dataset.state = state;
    const text = line.dataset[state];
    const word = line.querySelector("[role=status]");
    if (word.textContent !== text) word.textContent = text;
  }

  // A stream that ends is opened again at once (a restart, a proxy's time limit): only a longer gap is worth a word.
  function soonLost() {
    losing ??= setTimeout(() => showLive("lost"), 3000);
  }

  addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt > 0) soonLost();
  });
  // What happened meanwhile is told first: the stream's address says when the page was made.
  addEventListener("htmx:sse:after:connection", () => {
    showLive("live");
  });
  addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) location.reload();
    else soonLost();
  });

  // -- messages ----------------------------------------------------------------------------------------------
  function toast(text) {
    const list = document.getElementById("toasts");
    if ([...list.children].some((item) => item.dataset.text === text)) return;
    const item = document.createElement("div");
    item.className = "alert alert-danger yard-toast";
    item.dataset.text = text;
    const close = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
    close.setAttribute("aria-label", list.dataset.close);
    close.addEventListener("click", () => item.remove());
    item.append(Object.assign(document.createElement("div"), { textContent: text }), close);
    list.append(item);
    setTimeout(() => item.remove(), 10000);
  }

  // The server answers a failed fragment with a sentence and HX-Reswap: none (portal/errors.py).
  addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement.id === "live") soonLost();
    else if (ctx.hx.reswap === "none" && ctx.text.length < 500) toast(ctx.text);
  });
  addEventListener("htmx:error", (event) => {
    const ctx = event.detail.ctx;
    if (!ctx) return;
    if (ctx.sourceElement.id === "live") return soonLost();
    // A block that refetches itself stays quiet: the live line already says so.
    if (ctx.request.method !== "GET" || ctx.push || ctx.sourceElement.matches("a, form")) {
      toast(document.getElementById("toasts").dataset.offline);
    } else soonLost();
  });

  // -- small conveniences ------------------------------------------------------------------------------------
  addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-copied");
    button.setAttribute("aria-label", button.dataset.copied);
  });

  // Elements that bring a script of their own: its default export is called with each of them once.
  async function prepare(root) {
    for (const element of root.querySelectorAll("[data-module]:not([data-module-ready])")) {
      element.dataset.moduleReady = "";
      (await import(element.dataset.module)).default(element);
    }
    if (navigator.clipboard) for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  }
  addEventListener("htmx:after:process", () => prepare(document));
  addEventListener("htmx:after:swap", tick);

  // After a boosted navigation the focus would be lost with the link that had it.
  addEventListener("htmx:after:history:update", (event) => {
    if (event.detail.history.type === "push") document.getElementById("main")?.focus({ preventScroll: true });
  });
})();
