// The files of a version with their digests, and the proof that what is served computes what was trained.
import { html, useState } from "../vendor/preact.js";
import { lacks } from "../core/caller.js";
import { ask, open, send } from "../core/api.js";
import { bytes, number, plural } from "../core/format.js";
import { Badge, Facts, Loaded, toast } from "../parts/basics.js";

export function Files({ path, manifest, report, version, model }) {
  return html`<${Loaded} of=${manifest} lines=${6} label="The manifest">${(data) => html`<div class="stack">
    <${Proof} ...${{ path, data, report: report.data, version }} />
    <section><h3>Files</h3><${FileTable} ...${{ path, files: data.files, name: `${model.name}-${version.version}` }} /></section>
    <section class="made-with"><h3>Made with</h3><${Facts} of=${[
      ["Data, sha-256", data.data.sha256 && html`<code>${data.data.sha256}</code>`], ["Weights, sha-256", html`<code>${data.weights_sha256}</code>`],
      ["Packages", html`<ul class="packages">${Object.entries(data.package_versions).map(([name, version]) => html`<li key=${name}><${Badge}>${name} ${version}</${Badge}></li>`)}</ul>`],
    ]} /></section></div>`}</${Loaded}>`;
}

function FileTable({ path, files, name }) {
  const isForbidden = lacks("train");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Files"><table class="plain"><thead><tr><th scope="col">File</th><th scope="col" class="end">Size</th><th scope="col">sha-256</th></tr></thead>
    <tbody>${Object.entries(files).map(([file, { size, sha256 }]) => html`<tr key=${file}>
      <th scope="row">${isForbidden ? file : html`<button type="button" class="link" onClick=${() => download(`${path}/files/${encodeURIComponent(file)}`, `${name}-${file}`)}>${file}</button>`}</th>
      <td class="end">${bytes(size)}</td><td><code>${sha256}</code></td></tr>`)}</tbody></table></div>`;
}

// With the key in the header, which a plain link could not send.
async function download(path, name) {
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await (await open(path)).blob());
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    toast(error.message, "bad");
  }
}

function Proof({ path, data, report, version }) {
  const [again, setAgain] = useState(null);
  const [isAsking, setAsking] = useState(false);
  const { rows, tolerance } = data.golden_rows;
  const isLoaded = version.state === "AVAILABLE";
  const prove = async () => {
    setAsking(true);
    setAgain(await proved(path).catch((error) => ({ error })));
    setAsking(false);
  };
  return html`<section id="proof"><h3>Proof</h3>
    <p>${isLoaded ? html`<${Badge} kind="good">proved</${Badge}> Before it answered, this service computed ${plural(rows, "golden row")} with it and found what Keras had found, within ${number(tolerance)}.`
      : html`<${Badge}>not loaded</${Badge}> When it is loaded, ${plural(rows, "golden row")} have to give what Keras gave, within ${number(tolerance)}.`}</p>
    ${report?.parity && html`<p>At the export ${plural(report.parity.rows, "test row")} were computed by both: the largest difference was ${number(report.parity.largest_difference)}, allowed was ${number(report.parity.tolerance)}.</p>`}
    ${isLoaded && html`<button type="button" class="small" disabled=${isAsking} onClick=${prove}>${isAsking ? "Computing …" : "Prove it again now"}</button>`}
    ${again && html`<p role="status">${again.error ? again.error.message : html`<${Badge} kind=${again.largest <= tolerance ? "good" : "bad"}>${again.largest <= tolerance ? "holds" : "does not hold"}</${Badge}>
      ${plural(again.rows, "golden row")}: the largest difference is ${number(again.largest)}; allowed is ${number(tolerance)}.`}</p>`}</section>`;
}

// The golden rows, sent as anybody would send them.
async function proved(path) {
  const { examples } = await ask(`${path}/examples`);
  const { predictions } = await send(`${path}:predict`, { instances: examples.map(({ instance }) => instance) });
  const gaps = predictions.flatMap((row, index) => [row].flat().map((value, place) => Math.abs(value - [examples[index].prediction].flat()[place])));
  return { rows: examples.length, largest: Math.max(0, ...gaps) };
}
