// The network, layer by layer, with what goes in and out of each.
import { html } from "../vendor/preact.js";
import { bytes, number, plural } from "../core/format.js";
import { Loaded } from "../parts/basics.js";

export function Network({ report, manifest }) {
  return html`<${Loaded} of=${report} lines=${6} label="The network">${(data) => html`<${Layers} network=${data.network} manifest=${manifest.data} task=${data.task} />`}</${Loaded}>`;
}

const shapeOf = (shape) => (shape?.length ? shape.map((size) => size ?? "any").join(" × ") : "one number");
const stepOf = (step) => (typeof step === "string" ? [step, {}] : Object.entries(step)[0]);

function Layers({ network, manifest, task }) {
  const most = Math.max(...(network?.layers ?? []).map(({ parameters }) => parameters), 1);
  const steps = manifest?.preprocessing.map(stepOf) ?? [];
  return html`${network && html`<p>${plural(network.layer_count, "layer")}, ${plural(network.parameters, "parameter")}, ${bytes(4 * network.parameters)} as float32.</p>`}
    <ol class="network">
      ${manifest && html`<li class="edge"><span class="kind">Instance</span><span class="soft">${shapeOf(manifest.instance.shape)}</span></li>`}
      ${steps.map(([name, options], index) => html`<li key=${`step ${index}`} class="step"><span class="kind">${name}</span><span class="soft">${brief(options)}</span></li>`)}
      ${manifest && html`<li class="edge"><span class="kind">Input</span><span class="soft">${shapeOf(manifest.inputs[0].shape.slice(1))}</span></li>`}
      ${network ? network.layers.map((layer) => html`<li key=${layer.name}><span class="kind">${layer.class}</span> <code class="soft">${layer.name}</code>
        <span class="shape">${layer.output_shape ? shapeOf(layer.output_shape) : "–"}</span>
        <span class="weight"><span class="ink" aria-hidden="true" style=${{ inlineSize: `${(100 * layer.parameters) / most}%` }} />${layer.parameters ? plural(layer.parameters, "parameter") : "no parameters"}</span></li>`)
        : html`<li><span class="soft">The report of this version has no layers: it was made by an older release.</span></li>`}
      ${network && network.layer_count > network.layers.length && html`<li class="soft">and ${number(network.layer_count - network.layers.length)} more layers</li>`}
      ${manifest && html`<li class="edge"><span class="kind">Output</span><span class="soft">${shapeOf(manifest.outputs[0].shape.slice(1))}, ${task}${manifest.added_activation ? `, ${manifest.added_activation} added at export` : ""}</span></li>`}
    </ol>`;
}

function brief(options) {
  const text = typeof options === "object" && options !== null ? JSON.stringify(options) : String(options);
  return text === "{}" ? "" : text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
