// Confusion matrices: of one run, and what differs between two.
import { html } from "../vendor/preact.js";
import { number } from "../core/format.js";

const MOST_CLASSES = 30;

export function Confusion({ names, cells }) {
  if (names.length > MOST_CLASSES) return html`<p class="soft">${names.length} classes: too many for a table; the version's report has them.</p>`;
  const most = Math.max(1, ...cells.flat());
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of the confusion matrix"><table class="plain confusion">
    <caption class="soft">Rows of the test part: true class down, predicted class across</caption>
    <thead><tr><th scope="col">true \\ predicted</th>${names.map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${cells.map((row, index) => html`<tr key=${names[index]}><th scope="row">${names[index]}</th>
      ${row.map((count, column) => html`<td key=${names[column]} class=${index === column ? "right" : count ? "wrong" : ""}
        style=${{ "--share": count / most }}>${number(count)}</td>`)}</tr>`)}</tbody></table></div>`;
}

// cells: [{ true, predicted, before, after }], the largest differences first.
export function ConfusionDifference({ cells, name }) {
  if (!cells.length) return html`<p class="soft">No cell differs.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`Cells of the confusion matrix that differ: ${name}`}><table class="plain">
    <thead><tr><th scope="col">True class</th><th scope="col">Predicted</th><th scope="col" class="end">First run</th>
      <th scope="col" class="end">This run</th><th scope="col" class="end">Difference</th></tr></thead>
    <tbody>${cells.map((cell) => html`<tr key=${`${cell.true}/${cell.predicted}`}><th scope="row">${cell.true}</th><td>${cell.predicted}</td>
      <td class="end">${number(cell.before)}</td><td class="end">${number(cell.after)}</td>
      <td class=${`end ${isBetter(cell) ? "better" : "worse"}`}>${signed(cell.after - cell.before)} <span class="soft">${isBetter(cell) ? "better" : "worse"}</span></td></tr>`)}</tbody></table></div>`;
}

function isBetter(cell) {
  return (cell.true === cell.predicted) === (cell.after > cell.before);
}

function signed(value) {
  return value > 0 ? `+${number(value)}` : number(value);
}
