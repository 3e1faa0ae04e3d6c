// Figures as bars of one scale, each with its number.
import { html } from "../vendor/preact.js";
import { number } from "../core/format.js";

// rows: [{ name, value, note?, best? }]; `most`: the value of a full bar.
export function Bars({ label, rows, most, shown = number }) {
  const full = most ?? Math.max(...rows.map(({ value }) => Math.abs(value ?? 0)), 1e-12);
  return html`<ul class="figure-bars" aria-label=${label}>${rows.map((row) => html`<li key=${row.name} class=${row.best ? "best" : ""}>
    <span class="name">${row.name}</span>
    <span class="track" aria-hidden="true"><span class="ink" style=${{ inlineSize: `${Math.min(100, (100 * Math.max(row.value ?? 0, 0)) / full)}%` }} /></span>
    <span class="figure">${shown(row.value)}${row.note && html` <span class="soft">${row.note}</span>`}</span></li>`)}</ul>`;
}
