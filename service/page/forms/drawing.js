// A pad of a few pixels to draw on, with pointer or keys; a picture from a file is brought to the same pixels.
import { make, number } from "./elements.js";

const LARGEST_PAD = 32;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function pictureInput(image, shape) {
  const pad = new Pad(image, shape);
  return pad;
}

class Pad {
  constructor({ height, width, channels, full }, shape) {
    Object.assign(this, { height, width, channels, shape, full, changed: () => {}, failed: () => {} });
    this.pixels = new Float32Array(height * width * channels);
    this.cursor = null;
    this.last = null;
    this.canvas = make("canvas", {
      width, height, tabindex: "0", role: "application", class: "pad",
      "aria-label": `Drawing pad of ${width} by ${height} pixels. Arrow keys move, space draws, backspace erases.`,
    });
    this.pen = make("input", { type: "color", id: "pen", value: "#ffffff" });
    this.scale = make("input", { type: "number", id: "full", value: full, step: "any", min: "0" });
    this.element = make("div", { class: "picture" }, this.canvas, this.tools());
    if (Math.max(width, height) <= LARGEST_PAD) this.listen();
    this.paint();
  }

  tools() {
    const file = make("input", { type: "file", id: "picture-file", accept: "image/*", onchange: () => this.load(file) });
    const pen = this.channels === 3 ? make("div", {}, make("label", { for: "pen" }, "Pen"), this.pen) : null;
    return make("div", { class: "tools" },
      make("p", { class: "soft" }, `Draw here: ${number(this.width)} × ${number(this.height)} pixels`),
      pen,
      make("div", {}, make("label", { for: "full" }, "Full ink is"), this.scale),
      make("div", {}, make("label", { for: "picture-file" }, "Or a picture"), file),
      make("button", { type: "button", onclick: () => this.clear() }, "Clear"));
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = null;
      this.stroke(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && this.stroke(event));
    canvas.addEventListener("pointerup", () => { this.last = null; });
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("blur", () => { this.cursor = null; this.paint(); });
  }

  stroke(event) {
    const box = this.canvas.getBoundingClientRect();
    const to = [(event.clientX - box.left) / box.width * this.width, (event.clientY - box.top) / box.height * this.height];
    const from = this.last ?? to;
    const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) * 3) + 1;
    for (let step = 1; step <= steps; step += 1) {
      const part = step / steps;
      this.dab(from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part);
    }
    this.last = to;
    this.cursor = null;
    this.paint();
    this.changed();
  }

  // A soft round brush, about a twelfth of the pad wide.
  dab(x, y) {
    const radius = Math.max(0.8, this.width / 20);
    const reach = Math.ceil(radius + 1);
    for (let row = Math.floor(y) - reach; row <= y + reach; row += 1) {
      for (let column = Math.floor(x) - reach; column <= x + reach; column += 1) {
        const ink = radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
        if (ink > 0) this.ink(column, row, Math.min(ink, 1));
      }
    }
  }

  ink(column, row, amount) {
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return;
    const start = (row * this.width + column) * this.channels;
    const colour = this.channels === 3 ? [1, 3, 5].map((place) => parseInt(this.pen.value.slice(place, place + 2), 16) / 255) : [1];
    colour.forEach((value, channel) => {
      const before = this.pixels[start + channel];
      this.pixels[start + channel] = this.channels === 1 ? Math.max(before, amount * value) : before + (value - before) * amount;
    });
  }

  press(event) {
    const move = ARROWS[event.key];
    if (move) {
      const [x, y] = this.cursor ?? [Math.floor(this.width / 2), Math.floor(this.height / 2)];
      this.cursor = this.cursor
        ? [Math.min(Math.max(x + move[0], 0), this.width - 1), Math.min(Math.max(y + move[1], 0), this.height - 1)] : [x, y];
      if (event.shiftKey) this.ink(...this.cursor, 1);
      if (event.shiftKey) this.changed();
    } else if (event.key === " " && this.cursor) {
      this.ink(...this.cursor, 1);
      this.changed();
    } else if (event.key === "Backspace" && this.cursor) {
      const start = (this.cursor[1] * this.width + this.cursor[0]) * this.channels;
      this.pixels.fill(0, start, start + this.channels);
      this.changed();
    } else {
      return;
    }
    event.preventDefault();
    this.paint();
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(this.width, this.height);
    for (let index = 0; index < this.width * this.height; index += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        const value = this.pixels[index * this.channels + (this.channels === 3 ? channel : 0)];
        image.data[index * 4 + channel] = Math.round(255 * value);
      }
      image.data[index * 4 + 3] = 255;
    }
    if (this.cursor) {
      const place = (this.cursor[1] * this.width + this.cursor[0]) * 4;
      image.data.set([110, 168, 254], place);
    }
    context.putImageData(image, 0, 0);
  }

  clear() {
    this.pixels.fill(0);
    this.paint();
  }

  async load(file) {
    const chosen = file.files[0];
    if (!chosen) return;
    file.value = "";
    const size = { resizeWidth: this.width, resizeHeight: this.height, resizeQuality: "high" };
    const bitmap = await createImageBitmap(chosen, size).catch(() => null);
    if (!bitmap) {
      this.failed(`${chosen.name}: expected a picture that this browser can read, such as PNG or JPEG.`);
      return;
    }
    const context = new OffscreenCanvas(this.width, this.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, this.width, this.height);
    for (let index = 0; index < this.width * this.height; index += 1) {
      const [red, green, blue] = data.slice(index * 4, index * 4 + 3);
      const values = this.channels === 3 ? [red, green, blue] : [0.299 * red + 0.587 * green + 0.114 * blue];
      values.forEach((value, channel) => { this.pixels[index * this.channels + channel] = value / 255; });
    }
    this.paint();
    this.changed();
  }

  read() {
    const full = Number(this.scale.value) || this.full;
    return nested(Array.from(this.pixels, (value) => Number((value * full).toFixed(4))), this.shape);
  }

  take(instance) {
    const flat = Array.isArray(instance) ? instance.flat(Infinity) : [];
    const full = Number(this.scale.value) || this.full;
    if (flat.length === this.pixels.length) this.pixels.set(flat.map((value) => Math.min(Math.max(value / full, 0), 1)));
    this.paint();
  }
}

function nested(flat, shape) {
  if (shape.length <= 1) return flat;
  const size = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, index) => nested(flat.slice(index * size, (index + 1) * size), shape.slice(1)));
}
