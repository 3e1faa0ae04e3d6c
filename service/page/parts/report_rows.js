// Rows of the data as a report has them: pictures side by side, or the cells of a table.
import { html } from "../vendor/preact.js";
import { number, percent } from "../core/format.js";

export function ReportRows({ rows, label = "Rows" }) {
  if (!rows.length) return null;
  return rows.some(({ image }) => image) ? html`<ul class="pictures">${rows.map((row, index) => html`<li key=${index}><${Picture} row=${row} /></li>`)}</ul>` : html`<${Cells} rows=${rows} label=${label} />`;
}

const said = (row) => `${row.row_name ?? `row ${(row.source_row ?? row.row) + 1}`}`;

function Picture({ row }) {
  return html`<figure>${row.image ? html`<img src=${`data:image/png;base64,${row.image}`} alt=${`${said(row)}: ${row.true}`} width="96" height="96" />` : null}
    <figcaption>${row.true} → ${row.predicted}<br /><span class="soft">${percent(row.probability)} sure · ${said(row)}</span></figcaption></figure>`;
}

function Cells({ rows, label }) {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values ?? {})))];
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}><table class="plain"><thead><tr><th scope="col">Row</th><th scope="col">True</th><th scope="col">Predicted</th><th scope="col" class="end">Sure</th>
    ${names.map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row, index) => html`<tr key=${index}><th scope="row">${said(row)}</th><td>${row.true}</td><td>${row.predicted}</td><td class="end">${percent(row.probability)}</td>
      ${names.map((name) => html`<td key=${name}>${cell(row.values?.[name])}</td>`)}</tr>`)}</tbody></table></div>`;
}

const cell = (value) => (typeof value === "number" ? number(value) : value === null || value === undefined ? "–" : String(value));
