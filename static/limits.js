// Draws limits over time as steps. The tables beside it hold the same figures as text.
//
// The element names what it needs in data attributes: `uplot` (the library's module), `plot` (what to draw, as JSON) or
// `source` (where to fetch it), `topic` (the event after which to fetch again), `zone` and `labels`.

import { attend, axisOf, coloursOf, figure, moment, times } from "./plot.js";

const HEIGHT = 200;
const STYLES = {
  calculated: { colour: "power", width: 2, fill: true },
  after: { colour: "power", width: 2, fill: true },
  reported: { colour: "other", width: 2, dash: [6, 4] },
  before: { colour: "before", width: 2, dash: [6, 4] },
};

export default async function limits(element) {
  const { default: uPlot } = await import(element.dataset.uplot);
  const state = { uPlot, element, labels: JSON.parse(element.dataset.labels), data: null, chart: null };
  attend(state, { refresh: () => load(state), redraw: () => draw(state), resize: () => resize(state) });
  // A page that refreshes itself around the plot takes out what was drawn.
  new MutationObserver(() => element.isConnected && state.data && !element.firstChild && draw(state)).observe(element, { childList: true });
  await load(state);
}

async function load(state) {
  const { plot, source } = state.element.dataset;
  if (plot) state.data = JSON.parse(plot);
  else {
    const response = await fetch(source, { headers: { Accept: "application/json" } });
    if (!response.ok || !state.element.isConnected) return;
    state.data = await response.json();
  }
  draw(state);
}

function draw(state) {
  const { element, data, labels } = state;
  if (!data) return;
  state.chart?.destroy();
  state.chart = null;
  if (!data.lines.some((line) => line.values.some((value) => value !== null))) {
    element.replaceChildren(Object.assign(document.createElement("p"), { className: "limits-none", textContent: labels.none }));
    return;
  }
  element.replaceChildren();
  state.chart = new state.uPlot(options(state), columns(data), element);
}

function resize(state) {
  state.chart?.setSize({ width: state.element.clientWidth, height: HEIGHT });
}

function columns(data) {
  const scale = data.unit === "W" ? 1000 : 1;
  return [data.at_ms.map((at) => at / 1000), ...data.lines.map((line) => line.values.map((value) => (value === null ? null : value / scale)))];
}

function options(state) {
  const { uPlot, element, labels, data } = state;
  const zone = element.dataset.zone || undefined;
  const unit = data.unit === "W" ? "kW" : "A";
  const colours = coloursOf(element, ["power", "other", "before"]);
  const axis = axisOf(colours);
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (at) => (zone ? uPlot.tzDate(new Date(at * 1000), zone) : new Date(at * 1000)),
    cursor: { y: false, points: { size: 7 } },
    scales: { y: { range: (_, low, high) => [0, Math.max(1, (high ?? 1) * 1.15)] } },
    series: [
      { label: labels.time, value: (_, at) => (at === null ? "–" : moment(at, zone)) },
      ...data.lines.map((line) => series(uPlot, line, unit, colours)),
    ],
    axes: [
      { ...axis, values: (_, splits) => times(splits, zone) },
      { ...axis, size: 44, values: (_, splits) => splits.map((value) => `${value}`), label: unit, labelSize: 18, labelFont: axis.font },
    ],
  };
}

function series(uPlot, line, unit, colours) {
  const style = STYLES[line.name];
  const stroke = colours[style.colour];
  return {
    label: line.label,
    stroke,
    width: style.width,
    dash: style.dash,
    fill: style.fill ? `color-mix(in srgb, ${stroke} 14%, transparent)` : undefined,
    paths: uPlot.paths.stepped({ align: 1 }),
    points: { show: false },
    value: (_, value) => figure(value, unit),
  };
}
