// The spec as YAML, its lines numbered; what the service says of it stands below, each with its line.
import { html, useId, useRef } from "../vendor/preact.js";
import { lineOf } from "./spec_text.js";

const FEWEST_LINES = 12;

export function SpecEditor({ text, problems, isChecking, onInput }) {
  const id = useId();
  const area = useRef();
  const lines = text.split("\n");
  const marked = new Map(problems.map((problem) => [lineOf(text, problem.path), problem]).reverse());
  const go = (line) => {
    const start = lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0);
    area.current.focus();
    area.current.setSelectionRange(start, start + lines[line].length);
  };
  const state = isChecking ? "Checking …" : problems.length ? "" : "The service would take it as it stands.";
  return html`<div class="spec-editor"><label for=${id}>The same as YAML</label>
    <div class="editor"><div class="gutter" aria-hidden="true">${lines.map((_, index) => html`<span key=${index} class=${marked.has(index) ? "marked" : ""}>${index + 1}</span>`)}</div>
      <textarea id=${id} ref=${area} wrap="off" spellcheck=${false} autocapitalize="off" rows=${Math.max(lines.length, FEWEST_LINES)} value=${text}
        aria-invalid=${problems.length ? "true" : undefined} aria-describedby=${`${id}-problems`} onInput=${(event) => onInput(event.currentTarget.value)} /></div>
    <div id=${`${id}-problems`} class="problems" role="status">${state && html`<p class="soft">${state}</p>`}
      ${problems.length > 0 && html`<ul>${problems.map((problem) => html`<${Problem} key=${problem.path + problem.message} ...${{ problem, line: lineOf(text, problem.path), go }} />`)}</ul>`}</div></div>`;
}

function Problem({ problem: { path, message }, line, go }) {
  return html`<li>${line >= 0 && html`<button type="button" class="small" onClick=${() => go(line)}>line ${line + 1}</button> `}<code>${path}</code> ${message}</li>`;
}
