// A picture of the few pixels that a model takes: drawn, or fitted from a larger one. Values lie from 0 to 1.
import { signal } from "../vendor/preact.js";

const LARGEST_KEYED = 32; // pixels a side, up to which the keyboard draws single ones

// How a larger picture comes into the smaller one: what is taken of it, and where it goes.
export const FITS = [
  { value: "stretch", title: "stretched, as in training" },
  { value: "middle", title: "cut to its middle" },
  { value: "whole", title: "whole, with bars" },
];

export class Picture {
  constructor({ height, width, channels, full }, shape) {
    Object.assign(this, { height, width, channels, full, shape });
    this.pixels = new Float32Array(height * width * channels);
    this.cursor = null;
    this.revision = signal(0);
  }

  changed() {
    this.revision.value += 1;
  }

  get step() {
    return Math.max(1, Math.round(this.width / LARGEST_KEYED));
  }

  // A soft round brush, about a twelfth of the picture wide.
  dab(x, y, colour) {
    const radius = Math.max(0.8, this.width / 20);
    const reach = Math.ceil(radius + 1);
    for (let row = Math.floor(y) - reach; row <= y + reach; row += 1) {
      for (let column = Math.floor(x) - reach; column <= x + reach; column += 1) {
        const ink = radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
        if (ink > 0) this.ink(column, row, Math.min(ink, 1), colour);
      }
    }
  }

  line(from, to, colour) {
    const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) * 3) + 1;
    for (let step = 1; step <= steps; step += 1) {
      const part = step / steps;
      this.dab(from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part, colour);
    }
  }

  ink(column, row, amount, colour) {
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return;
    const start = (row * this.width + column) * this.channels;
    const values = this.channels === 3 ? colour : [1];
    values.forEach((value, channel) => {
      const before = this.pixels[start + channel];
      this.pixels[start + channel] = this.channels === 1 ? Math.max(before, amount * value) : before + (value - before) * amount;
    });
  }

  // At the cursor of the keyboard.
  put(colour) {
    if (this.step === 1) this.ink(...this.cursor, 1, colour);
    else this.dab(this.cursor[0] + 0.5, this.cursor[1] + 0.5, colour);
  }

  erase() {
    const [x, y] = this.cursor;
    for (let row = y; row < Math.min(y + this.step, this.height); row += 1) {
      const start = (row * this.width + x) * this.channels;
      this.pixels.fill(0, start, start + this.channels * Math.min(this.step, this.width - x));
    }
  }

  move([right, down]) {
    const [x, y] = this.cursor ?? [Math.floor(this.width / 2), Math.floor(this.height / 2)];
    if (!this.cursor) this.cursor = [x, y];
    else this.cursor = [clamp(x + right * this.step, this.width), clamp(y + down * this.step, this.height)];
  }

  clear() {
    this.pixels.fill(0);
  }

  invert() {
    this.pixels = this.pixels.map((value) => 1 - value);
  }

  // From an image, a bitmap or a frame of the camera, `width` by `height`.
  take(source, width, height, fit) {
    const context = new OffscreenCanvas(this.width, this.height).getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    const scale = { stretch: null, middle: Math.max(this.width / width, this.height / height), whole: Math.min(this.width / width, this.height / height) }[fit];
    const [wide, high] = scale === null ? [this.width, this.height] : [width * scale, height * scale];
    context.drawImage(source, (this.width - wide) / 2, (this.height - high) / 2, wide, high);
    const { data } = context.getImageData(0, 0, this.width, this.height);
    for (let index = 0; index < this.width * this.height; index += 1) {
      const [red, green, blue] = data.subarray(index * 4, index * 4 + 3);
      const values = this.channels === 3 ? [red, green, blue] : [0.299 * red + 0.587 * green + 0.114 * blue];
      values.forEach((value, channel) => { this.pixels[index * this.channels + channel] = value / 255; });
    }
  }

  paint(canvas) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const image = context.createImageData(this.width, this.height);
    for (let index = 0; index < this.width * this.height; index += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        const value = this.pixels[index * this.channels + (this.channels === 3 ? channel : 0)];
        image.data[index * 4 + channel] = Math.round(255 * value);
      }
      image.data[index * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    if (!this.cursor) return;
    context.fillStyle = "rgb(110 168 254)";
    context.fillRect(...this.cursor, this.step, this.step);
  }

  instance(full) {
    return nested(Array.from(this.pixels, (value) => Number((value * full).toFixed(4))), this.shape);
  }

  takeInstance(instance, full) {
    const flat = Array.isArray(instance) ? instance.flat(Infinity) : [];
    if (flat.length === this.pixels.length) this.pixels.set(flat.map((value) => Math.min(Math.max(value / full, 0), 1)));
  }
}

const clamp = (place, size) => Math.min(Math.max(place, 0), size - 1);

function nested(flat, shape) {
  if (shape.length <= 1) return flat;
  const size = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, index) => nested(flat.slice(index * size, (index + 1) * size), shape.slice(1)));
}
