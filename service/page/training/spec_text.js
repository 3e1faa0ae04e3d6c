// A spec as text: where a path stands in it, one value changed with everything else left as it is, and written anew.
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*(:\/\/[A-Za-z0-9_./-]+)?$/;
const RESERVED = /^(true|false|null|yes|no|on|off|~)$/i;

// The value at a path of a document; undefined where there is none.
export function valueAt(document, path) {
  return path.reduce((node, key) => (node === null || typeof node !== "object" ? undefined : node[key]), document);
}

// The same document with another value there; undefined takes the key away.
export function withValue(document, [key, ...rest], value) {
  const copy = Array.isArray(document) ? [...document] : { ...document };
  const next = rest.length ? withValue(typeof copy[key] === "object" && copy[key] !== null ? copy[key] : {}, rest, value) : value;
  if (next === undefined) delete copy[key];
  else copy[key] = next;
  return copy;
}

const ORDER = ["model", "backend", "seed", "data", "target", "input_shape", "preprocessing", "layers", "compile", "fit", "threshold", "resources", "gate", "rollout", "search"];
const rank = ([key]) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);

// YAML with a line for each key of a part, in the order in which `onehot init` writes it.
export function written(document) {
  return Object.entries(document).sort((a, b) => rank(a) - rank(b)).flatMap(([key, value]) => part(key, value)).map((line) => `${line}\n`).join("");
}

function part(key, value) {
  if (Array.isArray(value) && value.length) return [`${key}:`, ...value.map((one) => `  - ${item(one)}`)];
  const isMapping = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length;
  return isMapping ? [`${key}:`, ...Object.entries(value).map(([name, one]) => `  ${scalar(name)}: ${flow(one)}`)] : [`${key}: ${flow(value)}`];
}

function item(value) {
  const entries = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [];
  return entries.length === 1 ? `${scalar(entries[0][0])}: ${flow(entries[0][1])}` : flow(value);
}

export function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value !== null && typeof value === "object") return `{${Object.entries(value).map(([key, one]) => `${scalar(key)}: ${flow(one)}`).join(", ")}}`;
  return typeof value === "string" ? scalar(value) : JSON.stringify(value ?? null);
}

function scalar(text) {
  return PLAIN.test(text) && !RESERVED.test(text) ? text : JSON.stringify(text);
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const keyed = (name, indent) => new RegExp(`^${indent}(?:${escaped(name)}|"${escaped(name)}"|'${escaped(name)}')\\s*:`);

// The lines [first, behind the last] of a part; null where it is not written so.
function section(lines, name) {
  const first = lines.findIndex((line) => keyed(name, "").test(line));
  if (first < 0) return null;
  let last = first + 1;
  while (last < lines.length && !/^[^\s#-]/.test(lines[last])) last += 1;
  return [first, last];
}

// The index of the line where a path of the service's errors stands, or of what is nearest above it; -1 where none does.
export function lineOf(text, path) {
  const marked = /^(?:body|spec)[:, ]*(?:line )?(\d+)/.exec(path);
  if (marked) return Number(marked[1]) - 1;
  const lines = text.split("\n");
  const [name, inner] = path.split(".");
  const found = section(lines, name);
  if (!found || inner === undefined) return found ? found[0] : -1;
  return placeIn(lines, found, inner) ?? found[0];
}

const placesIn = ([first, last]) => Array.from({ length: last - first - 1 }, (_, index) => first + 1 + index);

function placeIn(lines, found, inner) {
  if (/^\d+$/.test(inner)) return itemsIn(lines, found)[Number(inner)];
  return placesIn(found).find((place) => keyed(inner, "\\s+").test(lines[place]));
}

// The lines where the items of a list begin.
function itemsIn(lines, found) {
  const items = placesIn(found).filter((place) => /^\s*- /.test(lines[place]));
  const indents = items.map((place) => lines[place].search(/\S/));
  return items.filter((_, index) => indents[index] === Math.min(...indents));
}

// The text with one value changed in its line; null where that line is not found, so that the text is written anew.
export function withValueInText(text, path, value) {
  const lines = text.split("\n");
  const changed = change(lines, path, value);
  return changed ? lines.join("\n") : null;
}

// The text with items of a list taken out and others put in, its comments kept; null where they have no lines of their own.
export function splicedInText(text, name, index, removed, ...added) {
  const lines = text.split("\n");
  const found = section(lines, name);
  if (!found || /:\s*[^\s#]/.test(lines[found[0]])) return null;
  const starts = itemsIn(lines, found);
  if (!starts.length || index + removed > starts.length) return null;
  const start = starts[index] ?? endOf(lines, found);
  const end = removed ? starts[index + removed] ?? endOf(lines, found) : start;
  const before = lines[starts[0]].match(/^\s*/)[0];
  lines.splice(start, end - start, ...added.map((value) => `${before}- ${item(value)}`));
  return lines.join("\n");
}

// Behind the last line that says something.
function endOf(lines, [first, last]) {
  let end = last;
  while (end > first + 1 && /^\s*(#|$)/.test(lines[end - 1])) end -= 1;
  return end;
}

function change(lines, [name, inner, ...rest], value) {
  const found = section(lines, name);
  if (inner === undefined) return top(lines, found, name, value);
  if (!found) return false;
  const place = placeIn(lines, found, String(inner));
  if (!rest.length) return inside(lines, found, place, inner, value);
  if (place === undefined || value === undefined) return false;
  const one = new RegExp(`([{,]\\s*${escaped(String(rest.at(-1)))}:\\s*)(\\[[^\\]]*\\]|"[^"]*"|'[^']*'|[^,{}\\[\\]]+)(?=\\s*[,}])`);
  if (!one.test(lines[place])) return false;
  lines[place] = lines[place].replace(one, (_, before) => before + flow(value));
  return true;
}

function top(lines, found, name, value) {
  const isOneLine = found && /:\s*\S/.test(lines[found[0]]);
  if (found && !isOneLine) return false;
  if (value === undefined) {
    if (found) lines.splice(found[0], 1);
    return true;
  }
  const line = `${name}: ${flow(value)}`;
  if (found) lines[found[0]] = line;
  else if (name === "seed") lines.splice((section(lines, "model")?.[0] ?? -1) + 1, 0, line);
  else lines.splice(lines.at(-1) === "" ? lines.length - 1 : lines.length, 0, line);
  return true;
}

function inside(lines, found, place, inner, value) {
  if (/:\s*[^\s#]/.test(lines[found[0]])) return false; // the part stands in one line
  const isLong = place !== undefined && /:\s*$/.test(lines[place]);
  if (isLong) return false;
  if (place === undefined) {
    if (value !== undefined) lines.splice(found[0] + 1, 0, `  ${inner}: ${flow(value)}`);
    return true;
  }
  if (value === undefined) lines.splice(place, 1);
  else lines[place] = lines[place].replace(/^(\s+[^:]+:\s*).*$/, (_, before) => before + flow(value));
  return true;
}
