// ROC and precision-recall with a threshold to move, calibration, residuals.
import { html, useState } from "../vendor/preact.js";
import { number, percent } from "../core/format.js";
import { UnitPlot } from "../parts/plot.js";
import { SelectField, SliderField } from "../parts/fields.js";

export function Curves({ of }) {
  const roc = of.curves?.roc ?? [];
  const [name, setName] = useState(null);
  if (!roc.length) return null;
  const chosen = roc.find((one) => one.class === name) ?? roc[0];
  const other = of.curves.precision_recall.find((one) => one.class === chosen.class);
  return html`<section><h3>${roc.length > 1 ? "Each class against the others" : `${chosen.class} against the rest`}</h3>
    ${roc.length > 1 && html`<div class="bar-of-tools"><${SelectField} label="Class" value=${chosen.class} onInput=${setName} options=${roc.map((one) => one.class)} /></div>`}
    <${Moved} key=${chosen.class} roc=${chosen} pr=${other} support=${(of.classes ?? []).find((one) => one.name === chosen.class)?.support} rows=${of.parts?.test?.rows} /></section>`;
}

// The threshold is a point of the curve; what it gives is said in figures.
function Moved({ roc, pr, support, rows }) {
  const start = roc.chosen ? nearest(roc.points, roc.chosen) : balanced(roc.points);
  const [place, setPlace] = useState(start);
  const threshold = roc.thresholds?.[place];
  const [falseRate, trueRate] = roc.points[place];
  const negatives = rows - support;
  const precision = support ? (trueRate * support) / Math.max(trueRate * support + falseRate * negatives, 1e-12) : null;
  const isNone = trueRate === 0 && falseRate === 0;
  const shown = typeof threshold === "number" ? `${threshold > 1 ? "above all" : number(threshold)}` : `${place + 1} of ${roc.points.length}`;
  const taken = support ? Math.round(trueRate * support + falseRate * negatives) : null;
  return html`<div class="tiles plots">
      <${UnitPlot} title=${`ROC, area ${number(roc.area)}`} across="false positive rate" up="true positive rate" diagonal lines=${[{ name: roc.class, points: roc.points }]} marks=${[{ name: "threshold", point: [falseRate, trueRate] }]}
        label=${`ROC curve of ${roc.class}, area ${number(roc.area)}`} />
      ${pr && html`<${UnitPlot} title=${`Precision and recall, area ${number(pr.area)}`} across="recall" up="precision" lines=${[{ name: pr.class, points: pr.points, colour: 1 }]}
        marks=${precision === null || isNone ? [] : [{ name: "threshold", point: [trueRate, precision], colour: 1 }]} label=${`Precision by recall of ${pr.class}, area ${number(pr.area)}`} />`}</div>
    <${SliderField} label=${typeof threshold === "number" ? "Threshold" : "Point of the curve"} min="0" max=${roc.points.length - 1} step="1" value=${place} shown=${shown} onInput=${setPlace} aria-valuetext=${shown} />
    <p class="soft" role="status">Finds ${percent(trueRate)} of ${roc.class}; takes ${percent(falseRate)} of the others for it${precision === null || isNone ? "" : `; ${percent(precision)} of ${number(taken)} that it takes are right`}.
      ${typeof roc.threshold === "number" ? ` Served with the threshold ${number(roc.threshold)}.` : ""}</p>`;
}

const nearest = (points, [a, b]) => points.reduce((best, [x, y], index) => (Math.hypot(x - a, y - b) < Math.hypot(points[best][0] - a, points[best][1] - b) ? index : best), 0);
const balanced = (points) => points.reduce((best, [x, y], index) => (y - x > points[best][1] - points[best][0] ? index : best), 0);

export function Calibration({ of }) {
  const bins = of?.bins.filter(({ rows }) => rows > 0) ?? [];
  if (!bins.length) return null;
  const points = bins.map(({ confidence, accuracy }) => [confidence, accuracy]);
  return html`<section><h3>Calibration <span class="soft">expected error ${number(of.ece)}</span></h3><div class="tiles plots">
    <${UnitPlot} title="How often it is right when it is so sure" across="confidence" up="right" diagonal lines=${[{ name: "right", points, colour: 2 }]} marks=${points.map((point, index) => ({ name: index, point, colour: 2 }))}
      label=${`Calibration: ${bins.map(({ confidence, accuracy }) => `${percent(confidence, 0)} sure, ${percent(accuracy, 0)} right`).join("; ")}`} />
    <div class="scroll" tabindex="0" role="region" aria-label="Calibration as figures"><table class="plain"><thead><tr><th scope="col">Sure</th><th scope="col" class="end">Rows</th><th scope="col" class="end">Mean</th><th scope="col" class="end">Right</th></tr></thead>
      <tbody>${bins.map((bin) => html`<tr key=${bin.lower}><th scope="row">${percent(bin.lower, 0)} to ${percent(bin.upper, 0)}</th><td class="end">${number(bin.rows)}</td><td class="end">${percent(bin.confidence)}</td><td class="end">${percent(bin.accuracy)}</td></tr>`)}</tbody></table></div></div></section>`;
}

// Of a regression: predicted against true, scaled to the unit square.
export function Residuals({ of }) {
  if (!of?.length) return null;
  return html`<section><h3>Predicted against true</h3><div class="tiles plots">${of.map((one, index) => {
    const all = one.points.flat();
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const unit = (value) => (value - low) / (high - low || 1);
    return html`<${UnitPlot} key=${index} title=${`${of.length > 1 ? `output ${index}, ` : ""}R² ${number(one.r2)}`} across=${`true, ${number(low)} to ${number(high)}`} up="predicted" diagonal lines=${[]}
      marks=${one.points.map(([a, b], place) => ({ name: place, point: [unit(a), unit(b)] }))} label=${`Predicted against true values from ${number(low)} to ${number(high)}, R² ${number(one.r2)}`} />`;
  })}</div></section>`;
}
