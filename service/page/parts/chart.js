// Curves over epochs or time, of many runs if need be: uPlot on a canvas, with a title, units, and the figures as text.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { number } from "../core/format.js";
import { styled } from "../core/styles.js";
import { theme } from "../core/theme.js";

const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6"];
const DASHES = [[], [6, 3], [2, 2], [12, 3, 2, 3]];
const MOST_ROWS = 12; // of the table below a curve
let library = null;

function uplot() {
  library ??= Promise.all([import("../vendor/uplot.js"), styled(new URL("../vendor/uplot.css", import.meta.url))]).then(([module]) => module.default);
  return library;
}

// x: { title, values }, or values of each series by `series[].x`; series: [{ name, values, colour?: 0…, dash?: 0…3 }]; `mark`: an x that is marked.
// Numbers come as they are; null is a gap. `unit` stands beside the title.
export function Chart({ title, unit, x, series, height = 220, mark, level = 3, log = false }) {
  const frame = useRef();
  const plot = useRef(null);
  const { xs, lines } = aligned(x, series);
  const names = JSON.stringify([title, series.map(({ name, colour, dash }) => [name, colour, dash]), x.title, mark, log, theme.value]);
  useEffect(() => {
    let gone = false;
    uplot().then((Plot) => {
      if (gone || !frame.current) return;
      plot.current = new Plot(options({ x, series, height, mark, log, width: frame.current.clientWidth }), [xs, ...lines], frame.current);
    });
    const watch = new ResizeObserver(([{ contentRect }]) => plot.current?.setSize({ width: contentRect.width, height }));
    watch.observe(frame.current);
    return () => {
      gone = true;
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names, height]);
  useEffect(() => plot.current?.setData([xs, ...lines]));
  const Title = `h${level}`;
  return html`<figure class="chart"><figcaption><${Title}>${title}${unit && html` <span class="soft">${unit}</span>`}</${Title}></figcaption>
    <ul class="legend">${series.map((one, index) => html`<li key=${one.name}><span class=${`swatch line-${colourOf(one, index) + 1} dash-${one.dash ?? 0}`} aria-hidden="true" />${one.name}</li>`)}</ul>
    <div class="canvas" ref=${frame} role="img" aria-label=${said(title, unit, x, series)} />
    <${Figures} ...${{ title, x, xs, series, lines }} /></figure>`;
}

const colourOf = (one, index) => (one.colour ?? index) % COLOURS.length;

// Series over different x share one axis; where one has no value there is null.
function aligned(x, series) {
  if (!series.some((one) => one.x)) return { xs: x.values, lines: series.map(({ values }) => values) };
  const xs = [...new Set(series.flatMap((one) => one.x ?? x.values))].sort((a, b) => a - b);
  const at = new Map(xs.map((value, index) => [value, index]));
  const lines = series.map((one) => {
    const line = Array(xs.length).fill(null);
    (one.x ?? x.values).forEach((value, index) => { line[at.get(value)] = one.values[index]; });
    return line;
  });
  return { xs, lines };
}

function options({ x, series, height, mark, log, width }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(${name})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const [ink, rule] = [colour("--soft"), colour("--rule")];
  const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1, size: 4 }, font: `12px ${style.fontFamily}` };
  return {
    width, height, legend: { show: false }, cursor: { y: false },
    scales: { x: { time: Boolean(x.isTime) }, y: log ? { distr: 3 } : {} },
    axes: [{ ...axis, label: x.title, labelSize: 18, labelFont: axis.font, size: 34 }, { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : number(tick))) }],
    series: [{}, ...series.map((one, index) => ({
      label: one.name, stroke: colour(COLOURS[colourOf(one, index)]), width: 1.75, dash: DASHES[one.dash ?? 0], spanGaps: true, points: { show: (one.values?.length ?? 0) < 3 },
    }))],
    hooks: { draw: mark === undefined || mark === null ? [] : [(plot) => line(plot, mark, ink)] },
  };
}

function line({ ctx, bbox, valToPos }, mark, colour) {
  const at = valToPos(mark, "x", true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function said(title, unit, x, series) {
  const parts = series.slice(0, 8).map(({ name, values }) => {
    const known = values.filter((value) => typeof value === "number");
    return known.length ? `${name} from ${number(known[0])} to ${number(known.at(-1))}` : `${name} without values`;
  });
  return `${title}${unit ? `, ${unit}` : ""}, by ${x.title ?? "step"}: ${parts.join("; ")}`;
}

// At most so many of the points, first and last among them.
function Figures({ title, x, xs, series, lines }) {
  const [isOpen, setOpen] = useState(false);
  const step = Math.max((xs.length - 1) / (MOST_ROWS - 1), 1);
  const places = xs.length ? [...new Set(Array.from({ length: Math.min(MOST_ROWS, xs.length) }, (_, index) => Math.round(index * step)))].filter((place) => place < xs.length) : [];
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>As figures</summary>
    ${isOpen && html`<div class="scroll" tabindex="0" role="region" aria-label=${`${title} as figures`}><table class="plain"><thead><tr><th scope="col">${x.title ?? "step"}</th>
      ${series.map(({ name }) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
      <tbody>${places.map((place) => html`<tr key=${place}><th scope="row">${x.isTime ? new Date(xs[place] * 1000).toLocaleTimeString() : number(xs[place])}</th>
        ${lines.map((values, index) => html`<td key=${index}>${number(values[place])}</td>`)}</tr>`)}</tbody></table></div>`}</details>`;
}
