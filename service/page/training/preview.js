// What was seen of a data set: its columns or classes, what stands out, and what is to be predicted.
import { html, useEffect, useMemo } from "../vendor/preact.js";
import { number, plural } from "../core/format.js";
import { Badge, Card, Notice } from "../parts/basics.js";
import { CheckField, SelectField } from "../parts/fields.js";

const PICTURES_SHOWN = 4; // of each class
const CLASSES_SHOWN = 12;

// data: as the service previews it; options: how it is read, to be chosen; pictures: [{ className, file }] of a folder that was dropped here; dropped: Set of names.
export function Preview({ data, pictures, notes, options, target, onTarget, left, onLeft }) {
  const what = { table: plural(data.rows, "row"), arrays: plural(data.rows, "row"), images: plural(data.rows, "picture") }[data.kind];
  const warnings = [...notes, ...data.warnings];
  return html`<${Card} id="preview" title=${data.name} soft=${`${what}${data.predicts ? `, each ${data.instance}` : ""}`}>
    ${data.choices.length > 1 && html`<div class="bar-of-tools"><${SelectField} label="Predict" value=${target ?? data.target ?? ""} onInput=${onTarget} options=${data.choices} /></div>`}
    ${options}
    ${data.problem && html`<${Notice}>${data.problem}</${Notice}>`}
    ${data.predicts && !data.classes.length && html`<p>Predicts ${data.predicts}.</p>`}
    ${data.classes.length > 0 && html`<${Classes} ...${{ data, pictures }} />`}
    ${warnings.length > 0 && html`<div class="notice busy" id="warnings"><ul>${warnings.map((one) => html`<li key=${one}>${one}</li>`)}</ul></div>`}
    ${data.columns.length > 0 && html`<${Columns} ...${{ data, target, left, onLeft }} />`}</${Card}>`;
}

function Classes({ data, pictures }) {
  const most = Math.max(...data.classes.map(({ rows }) => rows));
  const shown = data.classes.slice(0, CLASSES_SHOWN);
  const more = data.classes.length - shown.length + data.more_classes;
  return html`<ul class="classes" aria-label="Classes">${shown.map(({ name, rows }) => html`<li key=${name}>
      <span class="name" title=${name}>${name}</span><span class="track" aria-hidden="true"><span class="ink" style=${{ inlineSize: `${100 * rows / most}%` }} /></span>
      <span class="figure">${number(rows)}</span>${pictures.length > 0 && html`<${Some} pictures=${pictures} name=${name} />`}</li>`)}
    ${more > 0 && html`<li class="soft">and ${plural(more, "more class", "more classes")}</li>`}</ul>`;
}

function Some({ pictures, name }) {
  const addresses = useMemo(() => pictures.filter(({ className }) => className === name).slice(0, PICTURES_SHOWN).map(({ file }) => URL.createObjectURL(file)), [pictures, name]);
  useEffect(() => () => addresses.forEach((one) => URL.revokeObjectURL(one)), [addresses]);
  return html`<span class="thumbnails">${addresses.map((one) => html`<img key=${one} src=${one} alt="" width="40" height="40" loading="lazy" />`)}</span>`;
}

function Columns({ data, target, left, onLeft }) {
  const predicted = target ?? data.target;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Columns"><table class="column-list"><thead><tr>
      <th scope="col">Column</th><th scope="col">Kind</th><th scope="col" class="end">Gaps</th><th scope="col" class="end">Values</th><th scope="col">What is in it</th></tr></thead>
    <tbody>${data.columns.map((column) => html`<${Column} key=${column.name} ...${{ column, isTarget: column.name === predicted, isLeft: left.has(column.name), onLeft }} />`)}</tbody></table></div>`;
}

function Column({ column, isTarget, isLeft, onLeft }) {
  const { name, kind, gaps, different, left_out: reason } = column;
  const label = isTarget || reason ? html`<span class="column-name">${name}</span>` : html`<${CheckField} label=${name} checked=${!isLeft} onInput=${(on) => onLeft(name, !on)} />`;
  return html`<tr class=${isLeft || (reason && !isTarget) ? "left-out" : ""}><th scope="row">${label}${isTarget && html` <${Badge} kind="strong">predicted</${Badge}>`}</th>
    <td>${kind}</td><td class="end">${gaps ? number(gaps) : "–"}</td><td class="end">${number(different)}</td>
    <td>${reason && !isTarget ? html`<span class="reason warn">left out: ${reason}</span>` : html`<${Content} column=${column} />`}</td></tr>`;
}

function Content({ column: { range, frequent, examples } }) {
  if (range) {
    const most = Math.max(...range.counts, 1);
    return html`<span class="spread"><span class="figure">${number(range.minimum)}</span><span class="bins" aria-hidden="true">${range.counts.map((count, index) => html`
      <span key=${index} style=${{ blockSize: `${Math.max(100 * count / most, count ? 8 : 2)}%` }} />`)}</span><span class="figure">${number(range.maximum)}</span></span>`;
  }
  const words = frequent.length ? frequent.map(({ value, rows }) => `${value} (${number(rows)})`) : examples;
  return html`<span class="words">${words.slice(0, 4).join(", ")}${words.length > 4 ? ", …" : ""}</span>`;
}
