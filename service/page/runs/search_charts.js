// The pictures of a search beside its parallel coordinates: the best so far, the learning curves by rung, importance.
import { html, useRef } from "../vendor/preact.js";
import { number, percent } from "../core/format.js";
import { scaleOf, ticksOf, useWidth } from "./svg_frame.js";

const HEIGHT = 240;
const LEFT = 62, RIGHT = 16, TOP = 14, BOTTOM = 40;
const MOST_LINES = 200; // of learning curves; of more trials, those that came furthest

// Axes with their names; `children` gets { across, up }.
function Frame({ label, low, high, first, last, across: name, up: unit, marks = [], children }) {
  const frame = useRef();
  const width = useWidth(frame);
  const horizontal = scaleOf(first, last), vertical = scaleOf(low, high);
  const across = (value) => LEFT + horizontal(value) * (width - LEFT - RIGHT);
  const up = (value) => HEIGHT - BOTTOM - vertical(value) * (HEIGHT - TOP - BOTTOM);
  const steps = [...new Set(ticksOf(first, last).map(Math.round))];
  return html`<div class="drawn" ref=${frame}><svg width=${width} height=${HEIGHT} role="img" aria-label=${label}>
    ${ticksOf(low, high).map((value) => html`<g key=${value} class="tick"><line x1=${LEFT} x2=${width - RIGHT} y1=${up(value)} y2=${up(value)} /><text x=${LEFT - 8} y=${up(value) + 4} class="end">${number(value)}</text></g>`)}
    ${steps.map((value) => html`<text key=${`x${value}`} class="middle" x=${across(value)} y=${HEIGHT - BOTTOM + 17}>${value}</text>`)}
    ${marks.map((value) => html`<line key=${`m${value}`} class="rung" x1=${across(value)} x2=${across(value)} y1=${TOP} y2=${HEIGHT - BOTTOM} />`)}
    <text class="middle" x=${(LEFT + width - RIGHT) / 2} y=${HEIGHT - 6}>${name}</text>
    ${children({ across, up })}</svg><p class="unit soft">${unit}</p></div>`;
}

export function BestSoFar({ search, chosen }) {
  const known = search.trials.filter(({ value }) => value !== null);
  if (!known.length) return html`<p class="soft">No trial has a value yet.</p>`;
  const better = search.direction === "maximize" ? Math.max : Math.min;
  const values = known.map(({ value }) => value);
  let best = values[0];
  const line = known.map(({ number: trial, value }) => { best = better(best, value); return [trial, best]; });
  const label = `${search.objective} of ${known.length} trials in their order, and the best up to each: at the end ${number(best)}`;
  return html`<${Frame} label=${label} low=${Math.min(...values)} high=${Math.max(...values)} first=${0} last=${Math.max(search.trials.length - 1, 1)} across="trial" up=${search.objective}>
    ${({ across, up }) => html`<polyline class="line-best" points=${line.map(([x, y]) => `${across(x)},${up(y)}`).join(" ")} />
      ${known.map((trial) => html`<circle key=${trial.number} class=${`dot ${trial.status === "finished" ? "full" : ""} ${trial.number === chosen ? "marked" : ""}`} r=${trial.number === chosen ? 6 : 4}
        cx=${across(trial.number)} cy=${up(trial.value)}><title>${`trial ${trial.number}: ${number(trial.value)} after ${trial.epochs} epochs, ${trial.status}`}</title></circle>`)}`}</${Frame}>
    <p class="soft">The line is the best value so far, after however many epochs; full dots were trained to the end.</p>`;
}

// Epochs and values of the first repeat, as far as it came.
function curveOf(trial) {
  const job = trial.jobs.filter(({ repeat, history }) => repeat === 0 && history.length).at(-1);
  if (!job) return [];
  const step = Math.max(1, Math.ceil((job.epochs ?? 1) / job.history.length));
  return job.history.flatMap((value, index) => (typeof value === "number" ? [[1 + index * step, value]] : []));
}

export function LearningCurves({ search, chosen }) {
  const curves = search.trials.map((trial) => [trial, curveOf(trial)]).filter(([, curve]) => curve.length)
    .sort((a, b) => b[1].at(-1)[0] - a[1].at(-1)[0]).slice(0, MOST_LINES);
  if (!curves.length) return html`<p class="soft">No trial has trained yet.</p>`;
  const values = curves.flatMap(([, curve]) => curve.map(([, value]) => value));
  const last = Math.max(...curves.map(([, curve]) => curve.at(-1)[0]), 2);
  const best = chosen ?? search.winner?.trial ?? search.best?.trial;
  const marks = search.rungs.filter((rung) => rung < last);
  const label = `${search.objective} of ${curves.length} trials by epoch${marks.length ? `; dashed: the rungs after ${marks.join(", ")} epochs` : ""}`;
  const ordered = [...curves].sort(([a], [b]) => (a.number === best) - (b.number === best));
  return html`<${Frame} label=${label} low=${Math.min(...values)} high=${Math.max(...values)} first=${1} last=${last} across="epoch" up=${search.objective} marks=${marks}>
    ${({ across, up }) => ordered.map(([trial, curve]) => html`<g key=${trial.number} class=${trial.number === best ? "learning marked" : "learning"}>
      <polyline points=${curve.map(([x, y]) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`).join(" ")} />
      <circle r="2.5" cx=${across(curve.at(-1)[0])} cy=${up(curve.at(-1)[1])}><title>${`trial ${trial.number}`}</title></circle></g>`)}</${Frame}>
    <p class="soft">${marks.length ? `Dashed: the rungs after ${marks.join(", ")} epochs, where trials are compared. ` : ""}Marked: trial ${best}.</p>`;
}

export function Importance({ shares }) {
  const rows = Object.entries(shares).sort((a, b) => b[1] - a[1]);
  return html`<ul class="importances">${rows.map(([path, share]) => html`<li key=${path}><code>${path}</code>
    <span class="track" aria-hidden="true"><span class="fill" style=${{ inlineSize: `${Math.max(100 * share, 0.5)}%` }} /></span><span class="end">${percent(share, 0)}</span></li>`)}</ul>`;
}
