// Ways to make elements and to write numbers. Everything that comes from the service goes in as text, never as HTML.
const SVG = "http://www.w3.org/2000/svg";

export function make(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function draw(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function swap(element, ...children) {
  element.replaceChildren(...children.flat().filter(Boolean));
  element.removeAttribute("aria-busy");
}

export function number(value) {
  if (typeof value !== "number") return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

export function percent(value) {
  return `${(100 * value).toFixed(1)} %`;
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function since(text) {
  const moment = new Date(text);
  const seconds = (Date.now() - moment.getTime()) / 1000;
  if (Number.isNaN(seconds)) return "";
  if (seconds < 45) return "just now";
  if (seconds < 86400) return `${duration(seconds)} ago`;
  return moment.toISOString().slice(0, 10);
}

export function badge(text, kind = "") {
  return make("span", { class: `badge ${kind}` }, text);
}

export function notice(text) {
  return make("p", { class: "notice", role: "alert" }, text);
}

export function empty(...children) {
  return make("p", { class: "empty" }, ...children);
}
