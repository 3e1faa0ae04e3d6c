// A training under way: live curves, what is left, the log, cancel; at its end what was published and how its gate came out.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ask, follow, place } from "../core/api.js";
import { duration, number, plural, words } from "../core/format.js";
import { refresh, useData } from "../core/live.js";
import { href } from "../core/router.js";
import { Badge, Card, Facts, Loaded, Notice, toast } from "../parts/basics.js";
import { Chart } from "../parts/chart.js";
import { confirmed } from "../parts/dialog.js";

const KINDS = { finished: "good", failed: "bad", started: "busy" };
const ENDED = new Set(["finished", "failed", "stopped", "canceled"]);
const CANCELED = new Set(["stopped", "canceled"]); // the queue's words: while it ran, before it ran
const AGAIN_MS = 2000;
const MOST_LINES = 400;

export function Progress({ id }) {
  const job = useData(`v1/jobs/${place(id)}`, { every: AGAIN_MS });
  const epochs = useEpochs(id, job);
  return html`<${Loaded} of=${job} lines=${8}>${(data) => html`<${Training} ...${{ job: data, epochs, look: job.refresh }} />`}</${Loaded}>`;
}

// The epochs as they come. A stream that breaks off begins again; the first event is sent again then.
function useEpochs(id, job) {
  const [epochs, setEpochs] = useState([]);
  useEffect(() => {
    const stop = new AbortController();
    const listen = async () => {
      for (;;) {
        const seen = new Map();
        try {
          await follow(`v1/jobs/${place(id)}/events`, (event) => {
            if (event.event !== "epoch") return;
            seen.set(event.epoch, event);
            setEpochs([...seen.values()].sort((a, b) => a.epoch - b.epoch));
          }, stop.signal);
          job.refresh();
          return;
        } catch (error) {
          if (error.name === "AbortError") return;
        }
        await new Promise((done) => { setTimeout(done, AGAIN_MS); });
        if (stop.signal.aborted) return;
      }
    };
    listen();
    return () => stop.abort();
  }, [id]);
  return epochs;
}

function Training({ job, epochs, look }) {
  const isOver = ENDED.has(job.status);
  const status = CANCELED.has(job.status) ? "canceled" : job.status;
  const last = epochs.at(-1) ?? job.progress;
  useEffect(() => { if (isOver) refresh("v1/models"); }, [isOver]);
  const cancel = async () => {
    const asked = await confirmed({ title: "Cancel this training?", body: "What it has learned so far is lost; nothing is published.", action: "Cancel the training", kind: "danger" });
    if (!asked) return;
    await ask(`v1/jobs/${place(job.id)}`, { method: "DELETE" }).catch((error) => toast(error.message, "bad"));
    look();
  };
  const actions = !isOver && html`<button type="button" class="danger" onClick=${cancel}>Cancel</button>`;
  return html`<div class="stack"><${Card} id="training" title=${`Training ${job.model}`} actions=${actions}>
      <div class="line" role="status"><${Badge} kind=${KINDS[status]}>${status}</${Badge}>
        ${job.status === "queued" && html`<span>${job.jobs_ahead ? `behind ${plural(job.jobs_ahead, "other")}` : "waits for a worker"}</span>`}
        ${last?.epoch !== undefined && html`<span>epoch ${number(last.epoch)} of ${number(last.epochs)}</span>`}
        ${!isOver && last?.eta_s ? html`<span>about ${duration(last.eta_s)} left</span>` : null}</div>
      ${last?.epoch !== undefined && html`<progress value=${last.epoch} max=${last.epochs} aria-label=${`Progress of ${job.model}`} />`}
      ${job.progress?.stopped && html`<p class="soft">${job.progress.stopped}</p>`}
      ${job.error && status !== "canceled" && html`<${Notice}>${job.error.message}</${Notice}>`}
      ${(isOver && status !== "finished") && html`<div class="row"><a class="button" href=${href(["train"], { run: job.id })}>Again with changes</a></div>`}</${Card}>
    ${status === "finished" && job.result && html`<${Published} job=${job} />`}
    ${epochs.length > 0 && html`<${Curves} epochs=${epochs} /><${Log} epochs=${epochs} />`}</div>`;
}

function Published({ job: { id, result } }) {
  const { model, version, metrics = {}, gate, verdict, warnings = [] } = result;
  const outcome = verdict ? html`<${Notice} kind="busy">${verdict}</${Notice}>`
    : html`<${Notice} kind="good">${gate ? "The gate held" : "There was no gate to pass"}: ${model} version ${version} is stable now, and answers.</${Notice}>`;
  return html`<${Card} id="published" title=${`Published: ${model} version ${version}`}>${outcome}
    ${warnings.length > 0 && html`<div class="notice busy"><ul>${warnings.map((one) => html`<li key=${one}>${one}</li>`)}</ul></div>`}
    <${Facts} of=${Object.entries(metrics).map(([name, value]) => [words(name), number(value)])} />
    <div class="row"><a class="button primary" href=${href(["models", model, version], { try: 1 })}>Try it</a>
      <a class="button" href=${href(["models", model, version])}>Its report</a>
      <a class="button" href=${href(["train"], { run: id })}>Again with changes</a></div></${Card}>`;
}

// A chart for each metric, training beside validation.
function Curves({ epochs }) {
  const names = [...new Set(epochs.flatMap(({ metrics }) => Object.keys(metrics ?? {})))].filter((name) => !name.startsWith("val_"));
  const x = { title: "epoch", values: epochs.map(({ epoch }) => epoch) };
  const values = (name) => epochs.map(({ metrics }) => metrics?.[name] ?? null);
  return html`<div class="tiles charts-of">${names.slice(0, 4).map((name) => html`<${Card} key=${name}>
    <${Chart} title=${words(name)} x=${x} level=${2} series=${[{ name: "training", values: values(name) },
      ...(epochs.some(({ metrics }) => `val_${name}` in (metrics ?? {})) ? [{ name: "validation", values: values(`val_${name}`), dash: 1 }] : [])]} /></${Card}>`)}</div>`;
}

function Log({ epochs }) {
  const line = ({ epoch, epochs: all, metrics }) => `epoch ${epoch} of ${all}: ${Object.entries(metrics ?? {}).map(([name, value]) => `${words(name)} ${number(value)}`).join(", ")}`;
  return html`<details><summary>Log</summary><pre class="log" tabindex="0">${epochs.slice(-MOST_LINES).map(line).join("\n")}</pre></details>`;
}
