// What a version makes of an instance: classes with their probabilities, or numbers; of two versions side by side.
import { html, useEffect, useRef } from "../vendor/preact.js";
import { number, percent } from "../core/format.js";
import { Notice } from "../parts/basics.js";

const MOST_BARS = 10;

// answers: [{ version, threshold, outputs | error, tookMs }]
export function Outcome({ answers }) {
  return html`<div class=${`result ${answers.length > 1 ? "two" : ""}`} aria-live="polite">${answers.map((answer) => html`
    <div key=${answer.version.version}>${answers.length > 1 && html`<h3>Version ${answer.version.version}</h3>`}
      ${answer.error ? html`<${Notice} error=${answer.error} />` : html`<${Answer} ...${answer} />`}</div>`)}</div>`;
}

function Answer({ version, threshold, outputs, tookMs }) {
  const isNumber = version.task === "regression";
  return html`${isNumber ? html`<${Values} ...${{ version, outputs }} />` : html`<${Bars} ...${{ version, threshold, outputs }} />`}
    <p class="soft">${isNumber ? "Value" : "Probability"} · version ${version.version} · ${Math.round(tookMs)} ms</p>`;
}

function Values({ version, outputs }) {
  return html`<dl class="values">${outputs.map((value, index) => html`
    <dt>${version.class_names[index] ?? (outputs.length > 1 ? `output ${index}` : "prediction")}</dt><dd>${number(value)}</dd>`)}</dl>`;
}

function Bars({ version, threshold, outputs }) {
  const ranked = rankedClasses(version, threshold, outputs);
  return html`<ol class="bars">${ranked.slice(0, MOST_BARS).map(({ name, score }, index) => html`
    <li key=${name} class=${index === 0 ? "best" : ""}><span class="name" title=${name}>${name}</span>
      <span class="track" aria-hidden="true"><${Ink} share=${score} /></span><span class="figure">${percent(score)}</span></li>`)}
    ${ranked.length > MOST_BARS && html`<li class="soft">and ${ranked.length - MOST_BARS} more classes</li>`}</ol>`;
}

function Ink({ share }) {
  const ink = useRef();
  useEffect(() => { ink.current.style.inlineSize = `${100 * Math.min(Math.max(share, 0), 1)}%`; }, [share]);
  return html`<span class="ink" ref=${ink} />`;
}

// As models/class_ranking.py ranks them: one sigmoid unit is the probability of the second class; what lies above the
// threshold comes before the others.
export function rankedClasses(version, threshold, outputs) {
  const isTwo = version.task === "sigmoid" && outputs.length === 1;
  const scores = isTwo ? [1 - outputs[0], outputs[0]] : outputs;
  const taken = outputs.map((score, index) => score > (threshold?.[index] ?? threshold ?? 0.5));
  const names = version.class_names.length === scores.length ? version.class_names : scores.map((_, index) => `${index}`);
  const named = scores.map((score, index) => ({ score, name: names[index], first: isTwo ? taken[0] === (index === 1) : taken[index] }));
  const isThreshold = isTwo || version.task === "multilabel";
  return named.sort((a, b) => (isThreshold ? b.first - a.first : 0) || b.score - a.score);
}
