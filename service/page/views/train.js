// Train: data in, a look at it, the proposed spec as form and YAML, the training live, the version that came of it.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { ask, place, send } from "../core/api.js";
import { useData } from "../core/live.js";
import { go, href } from "../core/router.js";
import { styled } from "../core/styles.js";
import { Card, Notice, Placeholder } from "../parts/basics.js";
import { SelectField } from "../parts/fields.js";
import { CSV_ENDINGS, CsvOptions, csvOf, typedCsv } from "../training/csv_options.js";
import { Preview } from "../training/preview.js";
import { Progress } from "../training/progress.js";
import { SpecEditor } from "../training/spec_editor.js";
import { SpecForm } from "../training/spec_form.js";
import { splicedInText, withValue, withValueInText, written } from "../training/spec_text.js";
import { ACCEPTED, chosenFiles, droppedFiles, upload } from "../training/upload.js";

await styled(new URL("./train.css", import.meta.url));

const CHECK_PAUSE_MS = 250;
const EMPTY = { text: "", document: {}, problems: [], isChecking: false };
const SKETCH = {
  model: "iris", data: { source: "sklearn://iris", validation: 0.15, test: 0.15 }, preprocessing: ["standardize"],
  layers: [{ Dense: { units: 16, activation: "relu" } }, { Dense: { units: 3, activation: "softmax" } }],
  compile: { optimizer: { Adam: { learning_rate: 0.01 } }, loss: "categorical_crossentropy", metrics: ["accuracy"] },
  fit: { epochs: 30, batch_size: 16 },
};
const pictures = new Map(); // sha-256 → pictures of a folder that was dropped here, and notes about it

// #/train; ?data=SHA the data set, ?target=COLUMN; ?run=ID again with changes; ?sketch=1 by hand; ?job=ID under way.
export default function Train({ query }) {
  const [job, data, run] = ["job", "data", "run"].map((name) => query.get(name));
  const again = html`<a class="button" href="#/train">Other data</a>`;
  return html`<div class="view-head"><h1 tabindex="-1">Train</h1><div class="actions">${(job || data || run || query.has("sketch")) && again}</div></div>
    ${job ? html`<${Progress} key=${job} id=${job} />`
      : data ? html`<${FromData} key=${data} sha=${data} target=${query.get("target")} csv=${csvOf(query)} />`
      : run ? html`<${FromRun} key=${run} id=${run} />`
      : query.has("sketch") ? html`<${Draft} first=${written(SKETCH)} />` : html`<${Choose} />`}`;
}

function Choose() {
  const [said, tell] = useState("");
  const [error, setError] = useState(null);
  const [isOver, setOver] = useState(false);
  const take = async (files) => {
    setError(null);
    try {
      const { document, ...more } = await upload(await files, tell);
      pictures.set(document.sha256, more);
      go(href(["train"], { data: document.sha256 }));
    } catch (failure) {
      setError(failure);
    }
    tell("");
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(droppedFiles(event.dataTransfer));
  };
  const chosen = (event) => {
    take(chosenFiles(event.currentTarget.files));
    event.currentTarget.value = "";
  };
  return html`<section class=${`drop card ${isOver ? "over" : ""}`} aria-labelledby="drop-title" aria-busy=${said ? "true" : undefined}
      onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <h2 id="drop-title">Drop your data here</h2>
    <p>A table (CSV, TSV, JSON, Parquet), numpy arrays (NPZ, NPY), or a folder of pictures with one sub-folder for each class.</p>
    <div class="chooser"><div class="field"><label for="data-file">A file</label><input type="file" id="data-file" accept=${ACCEPTED} onChange=${chosen} /></div>
      <div class="field"><label for="data-folder">A folder of pictures</label><input type="file" id="data-folder" webkitdirectory multiple onChange=${chosen} /></div></div>
    <p role="status" class="soft">${said}</p>
    ${error && html`<${Notice} error=${error} />`}</section>
    <${Kept} />`;
}

// Data sets that were uploaded before, and a spec by hand.
function Kept() {
  const found = useData("v1/datasets?limit=200", { every: Infinity });
  const all = found.data?.datasets ?? [];
  const options = [{ value: "", title: "choose" }, ...all.map(({ sha256, name, rows }) => ({ value: sha256, title: `${name}${rows ? `, ${rows} rows` : ""}` }))];
  return html`<${Card} title="Or begin otherwise">${found.error && html`<${Notice} error=${found.error} />`}
    <div class="bar-of-tools">${all.length > 0 && html`<${SelectField} label="Data that was uploaded before" value="" options=${options} onInput=${(sha) => sha && go(href(["train"], { data: sha }))} />`}
      <a class="button" href="#/train?sketch=1">Write a spec by hand</a></div></${Card}>`;
}

function FromData({ sha, target, csv }) {
  const [left, setLeft] = useState(new Set());
  const [proposal, setProposal] = useState({ isLoading: true });
  const asked = new URLSearchParams({ ...(target ? { target } : {}), ...csv }).toString();
  const preview = useData(`v1/datasets/${sha}/preview${asked ? `?${asked}` : ""}`, { every: Infinity });
  const known = useData(preview.error && !preview.data ? `v1/datasets/${sha}` : null, { every: Infinity });
  const { data } = preview;
  const wanted = data?.problem === null ? JSON.stringify([data.target, [...left].sort(), csv]) : null;
  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    const features = left.size ? data.columns.map(({ name }) => name).filter((name) => name !== data.target && !left.has(name)) : null;
    setProposal((before) => ({ ...before, isLoading: true }));
    send("v1/specs/propose", { source: data.source, target: data.target, features, csv: typedCsv(csv) }, { signal: stop.signal })
      .then(({ text, spec }) => setProposal({ text, spec, wanted }), (error) => error.name !== "AbortError" && setProposal({ error }));
    return () => stop.abort();
  }, [wanted]);
  const leave = (name, isLeft) => setLeft((before) => {
    const after = new Set(before);
    if (isLeft) after.add(name);
    else after.delete(name);
    return after;
  });
  const { pictures: shown = [], notes = [] } = pictures.get(sha) ?? {};
  const read = (next) => go(href(["train"], { data: sha, ...next }), { replace: true }); // other columns may come of it
  const options = (found) => html`<${CsvOptions} chosen=${csv} found=${found} onChange=${read} />`;
  if (preview.error && !data) {
    return html`<${Notice} error=${preview.error} />${CSV_ENDINGS.test(known.data?.name ?? "") && html`<${Card} title=${known.data.name}>${options(null)}</${Card}>`}`;
  }
  if (!data) return html`<${Placeholder} lines=${8} label="Looking at the data" />`;
  return html`<${Preview} ...${{ data, notes, target, left, pictures: shown }} options=${data.csv && options(data.csv)} onLeft=${leave} onTarget=${(name) => go(href(["train"], { data: sha, target: name, ...csv }), { replace: true })} />
    ${proposal.error && html`<${Notice} error=${proposal.error} />`}
    ${proposal.text ? html`<${Draft} key=${proposal.wanted} first=${proposal.text} known=${proposal.spec} />` : proposal.isLoading && wanted && html`<${Placeholder} lines=${10} label="Writing a spec" />`}`;
}

function FromRun({ id }) {
  const [found, setFound] = useState(null);
  useEffect(() => {
    ask(`v1/runs/${place(id)}`).then((run) => setFound({ spec: run.spec_as_written ?? run.spec }), (error) => setFound({ error }));
  }, []);
  if (!found) return html`<${Placeholder} lines=${10} label="Fetching the spec" />`;
  return found.error ? html`<${Notice} error=${found.error} />` : html`<${Draft} first=${written(found.spec)} known=${found.spec} />`;
}

// A spec that is changed until it is sent: form and text are two views of it.
function Draft({ first, known }) {
  const [draft, setDraft] = useState({ ...EMPTY, text: first, document: known ?? {}, isChecking: true });
  const [failure, setFailure] = useState(null);
  const [isSending, setSending] = useState(false);
  const check = useCheck(setDraft);
  useEffect(() => check(first, 0), []);
  const type = (text) => {
    setDraft((before) => ({ ...before, text, isChecking: true }));
    check(text);
  };
  const change = (path, value) => {
    const document = withValue(draft.document, path, value);
    const text = withValueInText(draft.text, path, value) ?? written(document);
    setDraft((before) => ({ ...before, text, document, isChecking: true }));
    check(text);
  };
  const splice = (index, removed, ...added) => {
    const layers = [...draft.document.layers];
    layers.splice(index, removed, ...added);
    const document = { ...draft.document, layers };
    const text = splicedInText(draft.text, "layers", index, removed, ...added) ?? written(document);
    setDraft((before) => ({ ...before, text, document, isChecking: true }));
    check(text);
  };
  const start = async (event) => {
    event.preventDefault();
    setSending(true);
    try {
      const job = await ask("v1/jobs", { method: "POST", body: draft.text, headers: { "Content-Type": "application/yaml" } });
      go(href(["train"], { job: job.id }));
    } catch (error) {
      setFailure(error);
      setSending(false);
    }
  };
  const button = html`<button type="submit" class="primary" disabled=${isSending || draft.problems.length > 0}>Start training</button>`;
  return html`<form id="draft" class="stack" onSubmit=${start} noValidate><${Card} title="The training" actions=${button}>
      <div class="columns even"><${SpecForm} document=${draft.document} problems=${draft.problems} onChange=${change} onSplice=${splice} />
        <${SpecEditor} ...${draft} onInput=${type} /></div>
      ${failure && html`<${Notice} error=${failure} />`}
      <div class="row">${button}</div></${Card}></form>`;
}

// Asks the service about a text a moment after it was typed; an older answer is dropped.
function useCheck(setDraft) {
  const state = useRef({ timer: 0, stop: null }).current;
  const request = async (text) => {
    state.stop = new AbortController();
    const { signal } = state.stop;
    try {
      const { written: document } = await ask("v1/specs/check", { method: "POST", body: text, headers: { "Content-Type": "application/yaml" }, signal });
      if (!signal.aborted) setDraft((before) => ({ ...before, document, problems: [], isChecking: false }));
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      const problems = error.details?.length ? error.details : [{ path: "", message: error.message }];
      setDraft((before) => ({ ...before, problems, isChecking: false }));
    }
  };
  useEffect(() => () => {
    clearTimeout(state.timer);
    state.stop?.abort();
  }, []);
  return (text, pause = CHECK_PAUSE_MS) => {
    clearTimeout(state.timer);
    state.stop?.abort();
    state.timer = setTimeout(() => request(text), pause);
  };
}
