// A confusion matrix: each cell that has rows opens what is known of them.
import { html, useState } from "../vendor/preact.js";
import { number, percent, plural } from "../core/format.js";
import { Dialog } from "./dialog.js";
import { ReportRows } from "./report_rows.js";

// names: the classes; cells[true][predicted] rows; examples: rows of the report with `true` and `predicted`.
export function Matrix({ names, cells, examples }) {
  const [open, setOpen] = useState(null);
  const most = Math.max(...cells.map((row) => row.reduce((sum, rows) => sum + rows, 0)), 1);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><caption class="soft">True class in rows, predicted class in columns; a figure opens its rows</caption>
    <thead><tr><td />${names.map((name) => html`<th scope="col" key=${name}><span>${name}</span></th>`)}<th scope="col" class="sum">found</th></tr></thead>
    <tbody>${cells.map((row, i) => html`<tr key=${names[i]}><th scope="row">${names[i]}</th>
      ${row.map((rows, j) => html`<td key=${j} class=${`${i === j ? "right" : "wrong"} ${depth(rows, row)}`}>
        ${rows > 0 ? html`<button type="button" onClick=${() => setOpen([i, j])} aria-label=${`${plural(rows, "row")} of ${names[i]} taken for ${names[j]}`}>${number(rows)}</button>` : html`<span class="soft">0</span>`}</td>`)}
      <td class="sum">${percent(row[i] / Math.max(row.reduce((sum, rows) => sum + rows, 0), 1), 0)}</td></tr>`)}</tbody></table></div>
    ${open && html`<${Behind} ...${{ names, cells, examples, open, most }} onClose=${() => setOpen(null)} />`}`;
}

// How dark a cell is: its share of the rows of its class, in five steps.
function depth(rows, row) {
  const share = rows / Math.max(row.reduce((sum, one) => sum + one, 0), 1);
  return rows ? `depth-${Math.max(1, Math.ceil(share * 5))}` : "";
}

function Behind({ names, cells, examples, open: [i, j], onClose }) {
  const shown = examples.filter((one) => one.true === names[i] && one.predicted === names[j]);
  const rows = cells[i][j];
  const title = i === j ? `${names[i]}, found` : `${names[i]}, taken for ${names[j]}`;
  return html`<${Dialog} title=${title} wide onClose=${onClose}>
    <p>${plural(rows, "row")} of the test data.${shown.length < rows ? ` The report has ${shown.length ? `${shown.length} of them` : "none of them"}: it keeps a bounded number of each cell.` : ""}</p>
    <${ReportRows} rows=${shown} /></${Dialog}>`;
}
