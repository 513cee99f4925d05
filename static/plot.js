// Draws a session: power, energy and state of charge over time. The readings below it hold the same figures as text.
//
// The element names what it needs in data attributes: `uplot` (the library's module), `source` (JSON columns),
// `topic` (the event after which to fetch again), `zone` (time zone) and `labels` (translated words, as JSON).

const HEIGHT = 280;
const NARROW = 520;

export default async function plot(element) {
  const { default: uPlot } = await import(element.dataset.uplot);
  const state = { uPlot, element, labels: JSON.parse(element.dataset.labels), data: null, chart: null };
  attend(state, { refresh: () => load(state), redraw: () => draw(state), resize: () => resize(state) });
  await load(state);
}

// Keeps a chart in step with its topic, the theme and its size, for as long as its element stands on the page.
export function attend(state, { refresh, redraw, resize }) {
  const { element } = state;
  const watching = new AbortController();
  const resizing = new ResizeObserver(() => whileShown(resize));
  const theming = new MutationObserver(() => whileShown(redraw));

  function whileShown(work) {
    if (element.isConnected) return work();
    watching.abort();
    resizing.disconnect();
    theming.disconnect();
    state.chart?.destroy();
  }

  const { topic } = element.dataset;
  const live = document.getElementById("live");
  if (topic) live?.addEventListener(topic, () => whileShown(refresh), { signal: watching.signal });
  theming.observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  resizing.observe(element);
}

async function load(state) {
  const response = await fetch(state.element.dataset.source, { headers: { Accept: "application/json" } });
  if (!response.ok || !state.element.isConnected) return;
  state.data = await response.json();
  if (state.chart && sameSeries(state)) state.chart.setData(columns(state.data));
  else draw(state);
}

// Figures in kilo units, as the page shows them; a quantity that the station never sent is left out.
function columns(data) {
  const kilo = (values) => values.map((value) => (value === null ? null : value / 1000));
  const found = [data.at_ms.map((at) => at / 1000), kilo(data.power_w), kilo(data.energy_wh)];
  return hasCharge(data) ? [...found, data.soc_percent] : found;
}

function hasCharge(data) {
  return data.soc_percent.some((value) => value !== null);
}

function sameSeries(state) {
  return state.chart.series.length === columns(state.data).length;
}

function draw(state) {
  if (!state.data?.at_ms.length) return;
  state.chart?.destroy();
  state.element.replaceChildren();
  state.chart = new state.uPlot(options(state), columns(state.data), state.element);
}

function resize(state) {
  if (!state.chart) return;
  const narrow = state.element.clientWidth < NARROW;
  if (narrow !== state.narrow) draw(state);
  else state.chart.setSize({ width: state.element.clientWidth, height: HEIGHT });
}

function options(state) {
  const { uPlot, element, labels, data } = state;
  const colour = coloursOf(element, ["power", "energy", "charge"]);
  const zone = element.dataset.zone;
  state.narrow = element.clientWidth < NARROW;
  const axis = axisOf(colour);
  const power = data.power_is_derived ? labels.derived_power : labels.power;
  const series = [
    { label: labels.time, value: (_, at) => (at === null ? "–" : moment(at, zone, true)) },
    line(power, "kW", colour.power, { fill: `color-mix(in srgb, ${colour.power} 14%, transparent)`, scale: "kW" }),
    line(labels.energy, "kWh", colour.energy, { scale: "kWh" }),
  ];
  if (hasCharge(data)) series.push(line(labels.charge, "%", colour.charge, { scale: "%", dash: [4, 4] }));
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    cursor: { y: false, points: { size: 7 } },
    scales: { kW: { range: fromZero }, kWh: { range: fromZero }, "%": { range: [0, 100] } },
    series,
    axes: [
      { ...axis, values: (_, splits, axis, space, step) => times(splits, zone, step < 60) },
      { ...axis, scale: "kW", label: state.narrow ? null : "kW", labelFont: colour.font, size: 48 },
      { ...axis, scale: "kWh", label: state.narrow ? null : "kWh", labelFont: colour.font, size: 48, side: 1, grid: { show: false } },
    ],
  };
}

function line(label, unit, stroke, more) {
  return { label, stroke, width: 2, spanGaps: true, points: { show: false }, value: (_, value) => figure(value, unit), ...more };
}

function fromZero(_, low, high) {
  return [Math.min(0, low ?? 0), Math.max(1, (high ?? 1) * 1.08)];
}

export function figure(value, unit) {
  if (value === null || value === undefined) return "–";
  return `${new Intl.NumberFormat(language(), { maximumFractionDigits: 2 }).format(value)} ${unit}`;
}

// The hour under each mark, and the day below the first mark of each day when there are several.
export function times(splits, zone, withSeconds) {
  const days = splits.map((at) => day(at, zone));
  const several = new Set(days).size > 1;
  return splits.map((at, i) => moment(at, zone, withSeconds) + (several && days[i] !== days[i - 1] ? `\n${days[i]}` : ""));
}

function day(at, zone) {
  return new Intl.DateTimeFormat(language(), { timeZone: zone, day: "numeric", month: "short" }).format(at * 1000);
}

export function moment(at, zone, withSeconds = false) {
  const form = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (withSeconds) form.second = "2-digit";
  return new Intl.DateTimeFormat(language(), form).format(at * 1000);
}

function language() {
  return document.documentElement.lang || undefined;
}

// The named colours of the stylesheet (`--plot-<name>`), and those of text and grid.
export function coloursOf(element, names) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--plot-${name}`).trim();
  const named = Object.fromEntries(names.map((name) => [name, read(name)]));
  return { ...named, text: style.color, line: read("grid"), font: `12px ${style.fontFamily}` };
}

export function axisOf(colour) {
  return { stroke: colour.text, grid: { stroke: colour.line, width: 1 }, ticks: { show: false }, font: colour.font };
}
