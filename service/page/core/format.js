// Numbers, durations and moments as they are read.
export function number(value) {
  if (typeof value !== "number") return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

export function percent(value, digits = 1) {
  return typeof value === "number" ? `${(100 * value).toFixed(digits)} %` : "–";
}

export function duration(seconds) {
  if (typeof seconds !== "number") return "–";
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} d`;
}

export function since(text) {
  const moment = new Date(text);
  const seconds = (Date.now() - moment.getTime()) / 1000;
  if (!text || Number.isNaN(seconds)) return "–";
  if (seconds < 45) return "just now";
  return seconds < 86_400 * 60 ? `${duration(Math.round(seconds))} ago` : moment.toISOString().slice(0, 10);
}

export function bytes(size) {
  if (typeof size !== "number") return "–";
  const step = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), 4);
  return step ? `${Number((size / 1024 ** step).toPrecision(3))} ${["", "KiB", "MiB", "GiB", "TiB"][step]}` : `${size} B`;
}

// `val_loss` → `val loss`.
export function words(name) {
  return String(name).replaceAll("_", " ");
}

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

// Whether more is better of a metric, by its name.
export function isLossLike(name) {
  return /loss|error|mae|mse|rmse|divergence|hinge|crossentropy|poisson/i.test(name) && !/accuracy/i.test(name);
}
