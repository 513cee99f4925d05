// Draws a site over time: its limit, what is allotted on the highest phase, and what is measured on each.
//
// The element names what it needs in data attributes: `uplot` (the library's module), `source` (JSON columns),
// `topic` (the event after which to fetch again), `zone` (time zone) and `labels` (translated words, as JSON).

const HEIGHT = 280;

export default async function site(element) {
  const { default: uPlot } = await import(element.dataset.uplot);
  const state = { uPlot, element, labels: JSON.parse(element.dataset.labels), data: null, chart: null };
  const watching = new AbortController();
  const resizing = new ResizeObserver(() => whileShown(() => state.chart?.setSize({ width: element.clientWidth, height: HEIGHT })));
  const theming = new MutationObserver(() => whileShown(() => draw(state)));

  function whileShown(work) {
    if (element.isConnected) return work();
    watching.abort();
    resizing.disconnect();
    theming.disconnect();
    state.chart?.destroy();
  }

  const refresh = () => whileShown(() => load(state));
  document.getElementById("live")?.addEventListener(element.dataset.topic, refresh, { signal: watching.signal });
  theming.observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  resizing.observe(element);
  await load(state);
}

async function load(state) {
  const response = await fetch(state.element.dataset.source, { headers: { Accept: "application/json" } });
  if (!response.ok || !state.element.isConnected) return;
  state.data = await response.json();
  if (state.chart && state.data.at_ms.length) state.chart.setData(columns(state.data));
  else draw(state);
}

function columns(data) {
  const allotted = data.at_ms.map((_, i) => Math.max(data.allotted_1[i], data.allotted_2[i], data.allotted_3[i]));
  const measured = [data.measured_1, data.measured_2, data.measured_3];
  return [data.at_ms.map((at) => at / 1000), data.limit_a, allotted, ...measured];
}

function draw(state) {
  state.chart?.destroy();
  state.chart = null;
  state.element.replaceChildren();
  if (!state.data?.at_ms.length) {
    state.element.textContent = state.labels.none;
    return;
  }
  state.chart = new state.uPlot(options(state), columns(state.data), state.element);
}

function options(state) {
  const { uPlot, element, labels } = state;
  const zone = element.dataset.zone;
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: style.color, grid: { stroke: colour("--plot-grid"), width: 1 }, ticks: { show: false }, font };
  const allotted = colour("--plot-allotted");
  const phase = (number) => line(labels.measured.replace("{phase}", `L${number}`), colour(`--plot-${number}`), { width: 1.5 });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    cursor: { y: false, points: { size: 7 } },
    scales: { y: { range: (_, low, high) => [0, Math.max(1, (high ?? 1) * 1.08)] } },
    series: [
      { label: labels.time, value: (_, at) => (at === null ? "–" : moment(at, zone, true)) },
      line(labels.limit, colour("--plot-limit"), { dash: [6, 4] }),
      line(labels.allotted, allotted, { fill: `color-mix(in srgb, ${allotted} 14%, transparent)`, paths: uPlot.paths.stepped({ align: 1 }) }),
      phase(1),
      phase(2),
      phase(3),
    ],
    axes: [{ ...axis, values: (_, splits, axis, space, step) => times(splits, zone, step < 60) }, { ...axis, label: "A", labelFont: font, size: 48 }],
  };
}

function line(label, stroke, more) {
  return { label, stroke, width: 2, points: { show: false }, value: (_, value) => figure(value), ...more };
}

function figure(value) {
  if (value === null || value === undefined) return "–";
  return `${new Intl.NumberFormat(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value)} A`;
}

// The hour under each mark, and the day below the first mark of each day when there are several.
function times(splits, zone, withSeconds) {
  const days = splits.map((at) => new Intl.DateTimeFormat(language(), { timeZone: zone, day: "numeric", month: "short" }).format(at * 1000));
  const several = new Set(days).size > 1;
  return splits.map((at, i) => moment(at, zone, withSeconds) + (several && days[i] !== days[i - 1] ? `\n${days[i]}` : ""));
}

function moment(at, zone, withSeconds = false) {
  const form = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (withSeconds) form.second = "2-digit";
  return new Intl.DateTimeFormat(language(), form).format(at * 1000);
}

function language() {
  return document.documentElement.lang || undefined;
}
