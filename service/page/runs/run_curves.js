// The curves of one training: a chart for each metric, training and validation together.
import { html } from "../vendor/preact.js";
import { words } from "../core/format.js";
import { Chart } from "../parts/chart.js";

// curves: { xs, columns: Map of name → values }.
export function RunCurves({ curves, mark }) {
  const names = [...curves.columns.keys()];
  const plain = [...new Set(names.map((name) => name.replace(/^val_/, "")))];
  return html`<div class="charts">${plain.map((name) => html`<${Chart} key=${name} title=${words(name)} mark=${mark}
    x=${{ title: "epoch", values: curves.xs }} series=${seriesOf(curves, name)} />`)}</div>`;
}

function seriesOf({ columns }, name) {
  return [[name, "training"], [`val_${name}`, "validation"]]
    .filter(([one]) => columns.has(one)).map(([one, title]) => ({ name: title, values: columns.get(one), colour: title === "training" ? 0 : 1, dash: title === "training" ? 0 : 1 }));
}
