// The drawing of a charging schedule. The inputs below it are what counts: the drawing reads them and writes to them, so
// that keyboard and screen reader need nothing else, and without a script the form works as it stands.

const DAY = 86400;
const VIEW = { height: 272, left: 44, right: 12, top: 16, bottom: 28 };
const SVG = "http://www.w3.org/2000/svg";

export default function schedule(form) {
  const state = {
    form,
    labels: JSON.parse(form.dataset.labels),
    drawing: form.querySelector("[data-drawing]"),
    list: form.querySelector("[data-steps]"),
    pattern: form.querySelector("[data-step]").cloneNode(true),
  };
  for (const hidden of form.querySelectorAll("[data-add], [data-drawing-help]")) hidden.hidden = false;
  write(state, read(state));
  form.addEventListener("input", () => show(state));
  form.addEventListener("change", () => show(state));
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-remove]")) remove(state, event.target.closest("[data-step]"));
    if (event.target.closest("[data-add]")) add(state);
  });
  show(state);
  new ResizeObserver(() => state.drag || draw(state, read(state))).observe(state.drawing);
}

// -- the inputs ----------------------------------------------------------------------------------------------------

function repeatOf(state) {
  return state.form.elements.repeat.value;
}

function unitOf(state) {
  return state.form.elements.unit.value;
}

// Steps as { at: seconds, limit }, in the order of time; lines that cannot be read are not drawn.
function read(state) {
  const weekly = repeatOf(state) === "Weekly";
  const found = [...state.list.querySelectorAll("[data-step]")].map((row) => {
    const [, hours, minutes] = row.querySelector("[name=step_at]").value.trim().match(/^(\d{1,3}):([0-5]\d)$/) ?? [];
    const text = row.querySelector("[name=step_limit]").value.trim().replace(",", ".");
    const day = weekly ? Number(row.querySelector("[name=step_day]").value) : 0;
    return { at: day * DAY + Number(hours) * 3600 + Number(minutes) * 60, limit: text === "" ? NaN : Number(text) };
  });
  return tidy(found.filter(({ at, limit }) => Number.isFinite(at) && Number.isFinite(limit) && limit >= 0));
}

function tidy(steps) {
  const byTime = new Map(steps.map((step) => [step.at, step]));
  return [...byTime.values()].sort((one, other) => one.at - other.at);
}

function write(state, steps) {
  state.list.replaceChildren(...steps.map((step, index) => row(state, step, index + 1)));
}

function row(state, step, number) {
  const line = state.pattern.cloneNode(true);
  const weekly = repeatOf(state) === "Weekly";
  const rest = weekly ? step.at % DAY : step.at;
  const two = (value) => String(value).padStart(2, "0");
  line.querySelector("[name=step_day]").value = weekly ? String(Math.floor(step.at / DAY)) : "0";
  line.querySelector("[name=step_at]").value = `${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}`;
  line.querySelector("[name=step_limit]").value = String(step.limit);
  for (const input of line.querySelectorAll("[aria-label]")) {
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, number));
  }
  line.querySelector("[data-remove]").hidden = false;
  return line;
}

function remove(state, line) {
  const next = line.nextElementSibling ?? line.previousElementSibling;
  line.remove();
  (next?.querySelector("[name=step_limit]") ?? state.form.querySelector("[data-add]")).focus();
  show(state);
}

// A new step half way through the longest time without one.
function add(state) {
  const steps = read(state);
  const edges = [...steps.map((step) => step.at), spanOf(state, steps)];
  let longest = 0;
  for (let i = 1; i < edges.length - 1; i += 1) {
    if (edges[i + 1] - edges[i] > edges[longest + 1] - edges[longest]) longest = i;
  }
  const snap = snapOf(state);
  const at = steps.length ? Math.round((edges[longest] + edges[longest + 1]) / 2 / snap) * snap : 0;
  const made = { at, limit: steps[longest]?.limit ?? (unitOf(state) === "W" ? 11000 : 16) };
  write(state, tidy([...steps, made]));
  show(state);
  state.list.children[tidy([...steps, made]).findIndex((step) => step.at === at)].querySelector("[name=step_at]").focus();
}

// -- what belongs to which schedule --------------------------------------------------------------------------------

function spanOf(state, steps) {
  const repeat = repeatOf(state);
  if (repeat === "Daily") return DAY;
  if (repeat === "Weekly") return 7 * DAY;
  const hours = Number(state.form.elements.duration.value.replace(",", "."));
  return hours > 0 ? hours * 3600 : Math.max(DAY, (steps.at(-1)?.at ?? 0) + 4 * 3600);
}

function snapOf(state) {
  return repeatOf(state) === "Weekly" ? 3600 : 900;
}

function show(state) {
  const repeat = repeatOf(state);
  for (const part of state.form.querySelectorAll("[data-repeats]")) {
    part.hidden = !part.dataset.repeats.split(" ").includes(repeat);
  }
  for (const word of state.form.querySelectorAll("[data-unit]")) word.textContent = unitOf(state);
  if (!state.drag) draw(state, read(state));
}

// -- the picture ---------------------------------------------------------------------------------------------------

function scaleOf(state, steps) {
  const watts = unitOf(state) === "W";
  const highest = Math.max(watts ? 11000 : 20, ...steps.map((step) => step.limit)) * 1.2;
  const unit = [1, 2, 4, 5, 8, 10, 20, 50].map((nice) => nice * (watts ? 1000 : 1)).find((nice) => highest / nice <= 6) ?? highest / 5;
  const width = Math.max(280, state.drawing.clientWidth);
  return { width, span: spanOf(state, steps), most: Math.ceil(highest / unit) * unit, tick: unit, snapTime: snapOf(state), snapLimit: watts ? 100 : 1 };
}

function draw(state, steps, scale = scaleOf(state, steps)) {
  const x = (at) => VIEW.left + ((scale.width - VIEW.left - VIEW.right) * at) / scale.span;
  const y = (limit) => VIEW.height - VIEW.bottom - ((VIEW.height - VIEW.top - VIEW.bottom) * Math.min(limit, scale.most)) / scale.most;
  const picture = element("svg", { viewBox: `0 0 ${scale.width} ${VIEW.height}`, role: "img", "aria-label": state.labels.drawing });
  picture.append(...grid(state, scale, x, y), ...curve(state, steps, scale, x, y), ...holds(steps, scale, x, y));
  picture.addEventListener("pointerdown", (event) => begin(state, picture, event, steps, scale));
  state.drawing.replaceChildren(picture);
  state.picture = { picture, steps, scale };
}

function grid(state, scale, x, y) {
  const parts = [];
  for (let limit = 0; limit <= scale.most; limit += scale.tick) {
    parts.push(element("line", { class: "grid", x1: x(0), x2: x(scale.span), y1: y(limit), y2: y(limit) }));
    parts.push(word(limit >= 1000 ? `${limit / 1000} k` : limit, { x: VIEW.left - 6, y: y(limit) + 4, "text-anchor": "end" }));
  }
  const week = repeatOf(state) === "Weekly";
  const step = week ? DAY : scale.span > 2 * DAY ? DAY : 4 * 3600;
  const every = scale.width < 480 && !week ? 2 * step : step;
  for (let at = 0; at <= scale.span; at += every) {
    parts.push(element("line", { class: "grid", x1: x(at), x2: x(at), y1: VIEW.top, y2: VIEW.height - VIEW.bottom }));
    const middle = { x: x(at + step / 2), "text-anchor": "middle" };
    if (week && at < scale.span) parts.push(word(state.labels.weekdays[at / DAY], { y: VIEW.height - 8, ...middle }));
    if (!week) parts.push(word(`${at / 3600}:00`, { x: x(at), y: VIEW.height - 8, "text-anchor": at === 0 ? "start" : at + every > scale.span ? "end" : "middle" }));
  }
  return parts;
}

function curve(state, steps, scale, x, y) {
  const paint = element("rect", { class: "paint", x: x(0), y: 0, width: x(scale.span) - x(0), height: VIEW.height - VIEW.bottom });
  if (!steps.length) return [paint];
  const corners = steps.flatMap((step, i) => [[x(step.at), y(step.limit)], [x(steps[i + 1]?.at ?? scale.span), y(step.limit)]]);
  const line = corners.map((corner) => corner.join(" ")).join(" L ");
  const values = steps.map((step, i) => {
    const [left, right] = [x(step.at), x(steps[i + 1]?.at ?? scale.span)];
    const text = step.limit >= 1000 ? `${step.limit / 1000} kW` : `${step.limit} ${unitOf(state)}`;
    return right - left < 36 ? null : word(text, { class: "value", x: (left + right) / 2, y: y(step.limit) - 6 });
  });
  return [
    element("path", { class: "area", d: `M ${x(steps[0].at)} ${y(0)} L ${line} L ${x(scale.span)} ${y(0)} Z` }),
    element("path", { class: "line", d: `M ${line}` }),
    ...values.filter(Boolean),
    paint,
  ];
}

// What can be taken hold of: the line of each step, and the edge where one begins.
function holds(steps, scale, x, y) {
  const lines = steps.map((step, i) => {
    const [left, right] = [x(step.at), x(steps[i + 1]?.at ?? scale.span)];
    return element("rect", { class: "hold hold-limit", "data-limit": i, x: left, y: y(step.limit) - 7, width: Math.max(0, right - left), height: 14 });
  });
  const edges = steps.slice(1).map((step, i) => {
    const [from, to] = [y(Math.max(step.limit, steps[i].limit)), y(0)];
    return element("rect", { class: "hold hold-time", "data-time": i + 1, x: x(step.at) - 6, y: from, width: 12, height: to - from });
  });
  return [...lines, ...edges];
}

// -- drawing with a pointer ----------------------------------------------------------------------------------------

function begin(state, picture, event, steps, scale) {
  if (event.button !== 0) return;
  event.preventDefault();
  const { limit, time } = event.target.dataset;
  const from = point(picture, event, scale);
  const kind = time !== undefined ? "time" : limit !== undefined ? "limit" : "paint";
  state.drag = { kind, index: Number(time ?? limit), from, steps, scale, moved: false };
  const until = new AbortController();
  const move = (more) => follow(state, picture, more);
  addEventListener("pointermove", move, { signal: until.signal });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, (last) => {
      until.abort();
      if (end === "pointerup" && kind === "paint") move(last);
      const { result } = state.drag;
      state.drag = null;
      if (result) write(state, result);
      show(state);
    }, { signal: until.signal });
  }
}

function follow(state, picture, event) {
  const { kind, index, from, steps, scale } = state.drag;
  const here = point(state.picture.picture.isConnected ? state.picture.picture : picture, event, scale);
  if (kind === "limit") state.drag.result = steps.map((step, i) => (i === index ? { ...step, limit: here.limit } : step));
  else if (kind === "time") state.drag.result = moved(steps, index, here.at, scale);
  else state.drag.result = painted(steps, from.at, here.at, here.limit, scale);
  draw(state, state.drag.result, scale);
}

function moved(steps, index, at, { span, snapTime }) {
  const [least, most] = [steps[index - 1].at + snapTime, (steps[index + 1]?.at ?? span) - snapTime];
  return steps.map((step, i) => (i === index ? { ...step, at: Math.min(Math.max(at, least), Math.max(least, most)) } : step));
}

// The limit from one time to another; afterwards it goes on as it was.
function painted(steps, one, other, limit, { span, snapTime }) {
  const begins = Math.min(one, other, span - snapTime);
  const ends = Math.max(one, other, begins + snapTime);
  const before = steps.filter((step) => step.at <= ends).at(-1);
  const kept = steps.filter((step) => step.at < begins || step.at > ends);
  const after = before && ends < span ? [{ at: ends, limit: before.limit }] : [];
  const found = tidy([...kept, { at: begins, limit }, ...after]);
  return found.filter((step, i) => i === 0 || step.limit !== found[i - 1].limit);
}

// Where a pointer is, in seconds and as a limit, on the next mark of each.
function point(picture, event, { width, span, most, snapTime, snapLimit }) {
  const box = picture.getBoundingClientRect();
  const across = ((event.clientX - box.left) / box.width) * width;
  const down = ((event.clientY - box.top) / box.height) * VIEW.height;
  const at = ((across - VIEW.left) / (width - VIEW.left - VIEW.right)) * span;
  const limit = ((VIEW.height - VIEW.bottom - down) / (VIEW.height - VIEW.top - VIEW.bottom)) * most;
  const within = (value, highest, snap) => Math.min(Math.max(0, Math.round(value / snap) * snap), highest);
  return { at: within(at, span, snapTime), limit: within(limit, most, snapLimit) };
}

// -- making parts --------------------------------------------------------------------------------------------------

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function word(text, attributes) {
  const made = element("text", attributes);
  made.textContent = text;
  return made;
}
