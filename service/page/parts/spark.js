// A curve the size of a word; its ends are said to those who do not see it.
import { html } from "../vendor/preact.js";
import { number } from "../core/format.js";

export function Spark({ values, label }) {
  const known = values.filter((value) => typeof value === "number");
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (index) => (100 * index) / (known.length - 1);
  const y = (value) => 21 - (18 * (value - low)) / (high - low || 1);
  const points = known.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=${`${label}: from ${number(known[0])} to ${number(known.at(-1))}`}>
    <polyline points=${points} vector-effect="non-scaling-stroke" /></svg>`;
}
