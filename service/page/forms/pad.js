// The picture of the form: drawn with pointer or keys, dropped, pasted, chosen, or from the camera; as the model sees it.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { number } from "../core/format.js";
import { SelectField, TextField } from "../parts/fields.js";
import { FITS } from "./picture.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FRAME_MS = 250;

// onChange: the pixels are others now; onFail(file): one that this browser cannot read; onError(text).
export function PictureField({ picture, full, onFull, onChange, onFail, onError }) {
  const [pen, setPen] = useState("#ffffff");
  const [fit, setFit] = useState("stretch");
  const [isInverted, setInverted] = useState(false);
  const [isOver, setOver] = useState(false);
  const source = useRef(null); // the picture that was taken last, before it was fitted
  const latest = useRef({});
  latest.current = { fit, isInverted };

  const show = () => {
    const { image, width, height } = source.current;
    picture.take(image, width, height, latest.current.fit);
    if (latest.current.isInverted) picture.invert();
    picture.changed();
    onChange();
  };
  const load = async (file) => {
    if (!file) return;
    const image = await createImageBitmap(file).catch(() => null);
    if (!image) {
      source.current = null;
      picture.clear();
      picture.changed();
      onFail(file);
      return;
    }
    source.current = { image, width: image.width, height: image.height };
    show();
  };
  const invert = (on) => {
    setInverted(on);
    latest.current.isInverted = on;
    picture.invert();
    picture.changed();
    onChange();
  };
  const refit = (value) => {
    setFit(value);
    latest.current.fit = value;
    if (source.current) show();
  };
  const clear = () => {
    source.current = null;
    picture.clear();
    if (latest.current.isInverted) picture.invert();
    picture.changed();
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    load(event.dataTransfer.files[0]);
  };
  usePaste(load);
  return html`<div class=${`picture ${isOver ? "over" : ""}`} onDragOver=${(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <${Pad} ...${{ picture, pen, onChange }} onDraw=${() => { source.current = null; }} />
    <div class="tools">
      <p class="soft">Draw, drop or paste a picture: the model sees these ${number(picture.width)} × ${number(picture.height)} pixels.</p>
      <div class="field"><label for="picture-file">A picture</label>
        <input type="file" id="picture-file" accept="image/*" onChange=${(event) => { load(event.currentTarget.files[0]); event.currentTarget.value = ""; }} /></div>
      <div class="buttons"><${Camera} onFrame=${(image, width, height) => { source.current = { image, width, height }; show(); }} onError=${onError} />
        <button type="button" aria-pressed=${String(isInverted)} onClick=${() => invert(!isInverted)}>Invert</button>
        <button type="button" onClick=${clear}>Clear</button></div>
      ${picture.channels === 3 && html`<${TextField} label="Pen" type="color" value=${pen} onInput=${setPen} />`}
      <details><summary>How it is fitted</summary><${SelectField} label="A larger picture is" value=${fit} onInput=${refit} options=${FITS} />
        <${TextField} label="A white pixel is" type="number" step="any" min="0" value=${full} onInput=${onFull} /></details>
    </div></div>`;
}

function Pad({ picture, pen, onChange, onDraw }) {
  const canvas = useRef();
  const last = useRef(null);
  const colour = [1, 3, 5].map((place) => parseInt(pen.slice(place, place + 2), 16) / 255);
  const { revision } = picture;
  useEffect(() => picture.paint(canvas.current), [revision.value]);
  const drawn = () => {
    onDraw();
    picture.changed();
    onChange();
  };
  const stroke = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const to = [(event.clientX - box.left) / box.width * picture.width, (event.clientY - box.top) / box.height * picture.height];
    picture.line(last.current ?? to, to, colour);
    last.current = to;
    picture.cursor = null;
    drawn();
  };
  const press = (event) => {
    const move = ARROWS[event.key];
    const acts = { " ": () => picture.put(colour), Backspace: () => picture.erase() };
    if (move) picture.move(move);
    else if (!picture.cursor || !acts[event.key]) return;
    event.preventDefault();
    if (move && !event.shiftKey) {
      picture.changed();
      return;
    }
    (acts[event.key] ?? acts[" "])();
    drawn();
  };
  const down = (event) => {
    canvas.current.setPointerCapture(event.pointerId);
    last.current = null;
    stroke(event);
  };
  return html`<canvas ref=${canvas} class="pad" width=${picture.width} height=${picture.height} tabindex="0" role="application"
    aria-label=${`Drawing pad of ${picture.width} by ${picture.height} pixels. Arrow keys move, space draws, backspace erases.`}
    onPointerDown=${down} onPointerMove=${(event) => event.buttons && last.current && stroke(event)} onPointerUp=${() => { last.current = null; }}
    onKeyDown=${press} onBlur=${() => { picture.cursor = null; picture.changed(); }} />`;
}

// A picture in the clipboard, wherever the focus is; text fields keep what is theirs.
function usePaste(load) {
  const taken = useRef();
  taken.current = load;
  useEffect(() => {
    const paste = (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      taken.current(file);
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, []);
}

// What the camera shows, some times a second, until it is switched off. Browsers have it on secure addresses only.
function Camera({ onFrame, onError }) {
  const [video, setVideo] = useState(null);
  const frame = useRef();
  frame.current = onFrame;
  useEffect(() => {
    if (!video) return undefined;
    const timer = setInterval(() => video.videoWidth && frame.current(video, video.videoWidth, video.videoHeight), FRAME_MS);
    return () => {
      clearInterval(timer);
      video.srcObject.getTracks().forEach((track) => track.stop());
    };
  }, [video]);
  const start = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      const shown = Object.assign(document.createElement("video"), { srcObject: stream, muted: true, playsInline: true });
      await shown.play();
      setVideo(shown);
    } catch (error) {
      onError(`The camera cannot be used: ${error.message}.`);
    }
  };
  if (!navigator.mediaDevices) return null;
  return html`<button type="button" aria-pressed=${String(video !== null)} onClick=${() => (video ? setVideo(null) : start())}>Camera</button>`;
}
