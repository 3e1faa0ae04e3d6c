// Curves that grow for days and stay small: of many points every second, fourth, … is kept, and always the newest.
export const MOST_POINTS = 600;

export class CurvePoints {
  constructor(most = MOST_POINTS) {
    this.most = most;
    this.clear();
  }

  clear() {
    this.xs = [];
    this.columns = new Map(); // name → a value for each x, or null
    this.stride = 1;
    this.seen = 0;
    this.isTip = false; // whether the last point is kept only until the next one comes
  }

  add(x, values) {
    while (this.xs.length && x <= this.xs.at(-1)) this.drop(); // a training that went back to a checkpoint
    if (this.isTip) this.drop();
    this.isTip = this.seen % this.stride !== 0;
    this.seen += 1;
    this.xs.push(x);
    for (const [name, value] of Object.entries(values)) {
      if (!this.columns.has(name)) this.columns.set(name, Array(this.xs.length - 1).fill(null));
      this.columns.get(name).push(typeof value === "number" ? value : null);
    }
    for (const column of this.columns.values()) if (column.length < this.xs.length) column.push(null);
    if (this.xs.length > this.most) this.thin();
  }

  drop() {
    this.xs.pop();
    for (const column of this.columns.values()) column.pop();
    this.isTip = false;
  }

  thin() {
    const even = (_, index) => index % 2 === 0;
    this.isTip = this.xs.length % 2 === 0; // the newest falls out of step, and is kept as the tip
    const last = this.isTip ? [this.xs.at(-1)] : [];
    for (const [name, column] of this.columns) this.columns.set(name, [...column.filter(even), ...(this.isTip ? [column.at(-1)] : [])]);
    this.xs = [...this.xs.filter(even), ...last];
    this.stride *= 2;
  }
}

// The same of curves that are there at once: { xs, columns } of at most so many points, first and last among them.
export function thinned(first, history, most = MOST_POINTS) {
  const count = Math.max(0, ...Object.values(history).map((column) => column.length));
  const step = Math.max((count - 1) / (most - 1), 1);
  const places = count ? [...new Set(Array.from({ length: Math.min(most, count) }, (_, index) => Math.round(index * step)))] : [];
  const columns = Object.entries(history).map(([name, column]) => [name, places.map((at) => column[at] ?? null)]);
  return { xs: places.map((at) => first + at), columns: new Map(columns) };
}
