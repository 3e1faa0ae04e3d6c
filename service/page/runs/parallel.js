// Parallel coordinates of a search: a line for each trial through its parameters to its value. The arrow keys go from
// trial to trial, the best first; what is under the focus or the pointer is said in words below.
import { html, useRef, useState } from "../vendor/preact.js";
import { number } from "../core/format.js";
import { shown } from "./run_words.js";
import { scaleOf, useWidth } from "./svg_frame.js";

const HEIGHT = 300;
const TOP = 44, BOTTOM = 22;
const LEAST_GAP = 110; // between two axes; with more of them one scrolls

export function ParallelCoordinates({ search, chosen, onChoose }) {
  if (search.trials.every(({ value }) => value === null)) return html`<p class="soft">No trial has a value yet.</p>`;
  return html`<${Drawn} ...${{ search, chosen, onChoose }} />`;
}

function Drawn({ search, chosen, onChoose }) {
  const frame = useRef();
  const width = useWidth(frame);
  const known = search.trials.filter(({ value }) => value !== null);
  const ranked = [...known].sort((a, b) => b.rung - a.rung || (search.direction === "maximize" ? b.value - a.value : a.value - b.value));
  const [focused, setFocused] = useState(null);
  const paths = Object.keys(known[0].parameters);
  const axes = [...paths.map((path) => axisOf(path, known.map(({ parameters }) => parameters[path]))), axisOf(search.objective, known.map(({ value }) => value))];
  const full = Math.max(width, LEAST_GAP * axes.length);
  const gap = (full - LEAST_GAP) / Math.max(axes.length - 1, 1);
  const at = (index) => LEAST_GAP / 2 + index * gap;
  const up = (place) => HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  const points = (trial) => axes.map((axis, index) => `${at(index).toFixed(1)},${up(axis.place(index < paths.length ? trial.parameters[paths[index]] : trial.value)).toFixed(1)}`).join(" ");
  const marked = focused ?? chosen ?? ranked[0].number;
  const trial = known.find((one) => one.number === marked) ?? ranked[0];
  const press = (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = ranked.findIndex((one) => one.number === trial.number);
    const next = ranked[(index + step + ranked.length) % ranked.length].number;
    setFocused(next);
    onChoose(next);
  };
  const place = new Map(ranked.map((one, index) => [one.number, index / ranked.length]));
  const said = inWords(search, trial, ranked.indexOf(trial) + 1, ranked.length);
  return html`<div class="parallel" ref=${frame}>
    <div class="scroll" tabindex="0" role="group" aria-roledescription="chart" onKeyDown=${press} onBlur=${() => setFocused(null)}
      aria-label=${`Parallel coordinates: ${known.length} trials through ${paths.length} parameters to ${search.objective}. The arrow keys go from the best trial to the worst. ${said}`}>
      <svg width=${full} height=${HEIGHT} aria-hidden="true">
        ${axes.map((axis, index) => html`<${Axis} key=${axis.name} axis=${axis} x=${at(index)} width=${gap} up=${up} of=${axes.length} index=${index} />`)}
        ${[...ranked].reverse().map((one) => html`<g key=${one.number} class=${one.number === trial.number ? "line marked" : "line"} style=${{ "--fade": 0.75 - 0.6 * place.get(one.number) }}>
          <polyline points=${points(one)} /><polyline class="touch" points=${points(one)} onMouseEnter=${() => onChoose(one.number)} /></g>`)}
        <polyline class="line-top" points=${points(trial)} />
      </svg></div>
    <p class="said" aria-live="polite">${said}</p></div>`;
}

function Axis({ axis, x, width, up, index, of }) {
  const isLast = index === of - 1;
  const side = index === 0 ? "start" : isLast ? "end" : "middle"; // the outer ones stay inside
  const edge = index === 0 ? x - LEAST_GAP / 2 : isLast ? x + LEAST_GAP / 2 : x;
  const most = Math.max(8, Math.floor((width - 14) / 6.8));
  const name = axis.name.length > most ? `…${axis.name.slice(1 - most)}` : axis.name;
  return html`<g class="axis"><title>${axis.name}</title><line x1=${x} x2=${x} y1=${up(0)} y2=${up(1)} />
    <text class=${`name ${side} ${isLast ? "strong" : ""}`} x=${edge} y="14">${name}</text>
    <text x=${x} y=${up(1) - 8}>${axis.high}</text><text x=${x} y=${up(0) + 16}>${axis.low}</text></g>`;
}

// Values between 0 and 1: by logarithm where they span decades, names in their order.
function axisOf(name, values) {
  if (values.every((value) => typeof value === "number")) {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const isLog = low > 0 && high / low >= 10;
    return { name, low: number(low), high: number(high), place: scaleOf(low, high, isLog) };
  }
  const names = [...new Set(values.map(shown))].sort();
  const short = (text) => (text.length > 14 ? `${text.slice(0, 13)}…` : text);
  return { name, low: short(names[0]), high: short(names.at(-1)), place: (value) => (names.length < 2 ? 0.5 : names.indexOf(shown(value)) / (names.length - 1)) };
}

function inWords(search, trial, rank, count) {
  const parameters = Object.entries(trial.parameters).map(([path, value]) => `${path} ${shown(value)}`).join(", ");
  return `Trial ${trial.number}, place ${rank} of ${count}: ${search.objective} ${number(trial.value)}; ${parameters}`;
}
