// JSON as people write it: two blanks for each depth, and a list of plain values in one line.
export function written(value, before = "") {
  const inner = `${before}  `;
  const isPlain = (one) => one === null || typeof one !== "object";
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return `[${value.map((one) => JSON.stringify(one)).join(", ")}]`;
    return `[\n${value.map((one) => inner + written(one, inner)).join(",\n")}\n${before}]`;
  }
  const entries = isPlain(value) ? [] : Object.entries(value);
  if (!entries.length) return JSON.stringify(value);
  return `{\n${entries.map(([name, one]) => `${inner}${JSON.stringify(name)}: ${written(one, inner)}`).join(",\n")}\n${before}}`;
}
