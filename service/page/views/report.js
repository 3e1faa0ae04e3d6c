// The report of a version: measured on rows that the training never saw.
import { html } from "../vendor/preact.js";
import { isLossLike, number, percent, plural, words } from "../core/format.js";
import { Loaded, Notice } from "../parts/basics.js";
import { Bars } from "../parts/bars.js";
import { Chart } from "../parts/chart.js";
import { Matrix } from "../parts/matrix.js";
import { ReportRows } from "../parts/report_rows.js";
import { Calibration, Curves, Residuals } from "./report_curves.js";

const MOST_CLASSES = 60;

export function Report({ report }) {
  return html`<${Loaded} of=${report} lines=${10} label="The report">${(data) => html`<div class="stack">
    ${(data.warnings ?? []).map((text) => html`<${Notice} kind="busy" key=${text}>${text}</${Notice}>`)}
    <${Metrics} of=${data} /><${Baseline} of=${data.baseline} /><${History} of=${data} /><${Confusion} of=${data} />
    <${Curves} of=${data} /><${Calibration} of=${data.calibration} /><${Residuals} of=${data.residuals} /><${Importance} of=${data.importance} /><${Doubtful} of=${data} />
  </div>`}</${Loaded}>`;
}

function Metrics({ of: { parts = {}, intervals = {} } }) {
  const names = [...new Set(Object.values(parts).flatMap(({ metrics }) => Object.keys(metrics)))];
  const more = Object.keys(intervals).filter((name) => !names.includes(name));
  const columns = Object.keys(parts);
  if (!columns.length) return html`<p class="soft">Nothing was measured of it.</p>`;
  return html`<section><h3>Metrics</h3><div class="scroll" tabindex="0" role="region" aria-label="Metrics"><table class="plain"><thead><tr><th scope="col">Metric</th>
      ${columns.map((part) => html`<th scope="col" class="end" key=${part}>${part}<br /><span class="soft">${plural(parts[part].rows, "row")}</span></th>`)}<th scope="col" class="end">95 % of test</th></tr></thead>
      <tbody>${[...names, ...more].map((name) => html`<tr key=${name}><th scope="row">${words(name)}</th>
        ${columns.map((part) => html`<td class="end" key=${part}>${number(parts[part].metrics[name] ?? (part === "test" ? intervals[name]?.value : undefined))}</td>`)}
        <td class="end soft">${intervals[name] ? `${number(intervals[name].lower)} to ${number(intervals[name].upper)}` : "–"}</td></tr>`)}</tbody></table></div></section>`;
}

function Baseline({ of }) {
  if (!of) return null;
  const rows = [{ name: "this network", value: of.model, best: true }];
  if (of.linear) rows.push({ name: of.linear.method, value: of.linear.value });
  rows.push({ name: of.answer === null ? "the same answer for all" : `always ${of.answer}`, value: of.majority });
  return html`<section><h3>Against simple answers <span class="soft">${words(of.metric)} on the test rows</span></h3>
    <${Bars} label=${`${words(of.metric)} of the network and of simple answers`} rows=${rows} most=${isLossLike(of.metric) ? undefined : 1} /></section>`;
}

// A chart for loss and one for each other metric, each with its validation beside it.
function History({ of: { history = [], best_epoch: best } }) {
  if (history.length < 2) return null;
  const names = Object.keys(history[0]).filter((name) => !name.startsWith("val_"));
  names.sort((a, b) => (b === "loss") - (a === "loss"));
  const epochs = history.map((_, index) => index + 1);
  const values = (name) => history.map((epoch) => epoch[name] ?? null);
  return html`<div class="tiles charts-of">${names.slice(0, 4).map((name) => html`<${Chart} key=${name} title=${words(name)} x=${{ title: "epoch", values: epochs }} height=${190} mark=${best?.epoch}
    series=${[{ name: "training", values: values(name) }, ...(`val_${name}` in history[0] ? [{ name: "validation", values: values(`val_${name}`), dash: 1 }] : [])]} />`)}</div>
    ${best && html`<p class="soft">The dashed line is epoch ${best.epoch}, of the least ${words(best.metric)}.</p>`}`;
}

function Confusion({ of }) {
  const { confusion_matrix: cells, class_names: names, classes = [] } = of;
  const examples = [...(of.cell_rows ?? []), ...(of.mistakes ?? [])];
  return html`${cells && (names.length <= MOST_CLASSES
      ? html`<section><h3>Confusion matrix</h3><${Matrix} names=${names} cells=${cells} examples=${unique(examples)} /></section>`
      : html`<p class="soft">${names.length} classes: too many for a matrix; the classes are below.</p>`)}
    ${classes.length > 0 && html`<details><summary>Each class in figures</summary><div class="scroll" tabindex="0" role="region" aria-label="Classes in figures"><table class="plain"><thead><tr><th scope="col">Class</th>
      ${["Rows", "Precision", "Recall", "F1", "ROC-AUC"].map((title) => html`<th scope="col" class="end" key=${title}>${title}</th>`)}</tr></thead>
      <tbody>${classes.map((one) => html`<tr key=${one.name}><th scope="row">${one.name}</th><td class="end">${number(one.support)}</td><td class="end">${number(one.precision)}</td>
        <td class="end">${number(one.recall)}</td><td class="end">${number(one.f1)}</td><td class="end">${number(one.roc_auc)}</td></tr>`)}</tbody></table></div></details>`}`;
}

const unique = (rows) => [...new Map(rows.map((row) => [`${row.source}/${row.row}`, row])).values()];

function Importance({ of }) {
  if (!of?.columns.length) return null;
  const rows = of.columns.slice(0, 20).map(({ column, mean, deviation }) => ({ name: column, value: mean, note: `± ${number(deviation)}` }));
  return html`<section><h3>Importance of columns <span class="soft">${words(of.metric)} lost when one is shuffled, of ${number(of.score)}</span></h3><${Bars} label="Importance of columns" rows=${rows} /></section>`;
}

function Doubtful({ of: { mistakes = [], label_errors: errors } }) {
  return html`${mistakes.length > 0 && html`<details><summary>Most confidently wrong: ${plural(mistakes.length, "row")}</summary><${ReportRows} rows=${mistakes} label="Most confidently wrong" /></details>`}
    ${errors?.suspects.length > 0 && html`<details><summary>Labels that may be wrong: ${number(errors.count)} of ${plural(errors.rows, "row")}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Labels that may be wrong"><table class="plain"><thead><tr><th scope="col">Row</th><th scope="col">Part</th><th scope="col">Label</th><th scope="col">Likely</th><th scope="col" class="end">Sure of the label</th></tr></thead>
      <tbody>${errors.suspects.map((one, index) => html`<tr key=${index}><th scope="row">${one.row_name}</th><td>${one.part}</td><td>${one.label}</td><td>${one.likely}</td><td class="end">${percent(one.label_probability, 2)}</td></tr>`)}</tbody></table></div></details>`}`;
}
