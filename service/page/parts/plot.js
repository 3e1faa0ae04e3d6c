// Lines in the unit square (ROC, precision and recall, calibration): an SVG that scales, with the figures as text.
import { html } from "../vendor/preact.js";

const [SIZE, LEFT, BOTTOM, TOP] = [240, 34, 30, 8];
const TICKS = [0, 0.5, 1];
const x = (value) => LEFT + value * (SIZE - LEFT - 8);
const y = (value) => SIZE - BOTTOM - value * (SIZE - BOTTOM - TOP);

// lines: [{ name, points: [[x, y], …], colour: 0…5 }]; marks: [{ point, colour, name }]; diagonal: "up" draws what chance gives.
export function UnitPlot({ title, across, up, lines, marks = [], diagonal, label, children }) {
  return html`<figure class="unit-plot"><figcaption><h3>${title}</h3></figcaption>
    <svg viewBox=${`0 0 ${SIZE} ${SIZE}`} role="img" aria-label=${label ?? title}>
      ${TICKS.map((tick) => html`<g key=${tick} class="grid"><line x1=${x(0)} x2=${x(1)} y1=${y(tick)} y2=${y(tick)} /><line x1=${x(tick)} x2=${x(tick)} y1=${y(0)} y2=${y(1)} />
        <text x=${x(tick)} y=${y(0) + 13} text-anchor="middle">${tick}</text><text x=${x(0) - 4} y=${y(tick) + 4} text-anchor="end">${tick}</text></g>`)}
      ${diagonal && html`<line class="chance" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />`}
      <text class="axis" x=${x(0.5)} y=${SIZE - 3} text-anchor="middle">${across}</text>
      <text class="axis" x=${-y(0.5)} y="10" text-anchor="middle" transform="rotate(-90)">${up}</text>
      ${lines.map((line) => html`<polyline key=${line.name} class=${`stroke line-${(line.colour ?? 0) + 1}`} points=${line.points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ")} />`)}
      ${marks.map((mark) => html`<circle key=${mark.name} class=${`mark line-${(mark.colour ?? 0) + 1}`} cx=${x(mark.point[0])} cy=${y(mark.point[1])} r="4.5" />`)}
    </svg>${children}</figure>`;
}
