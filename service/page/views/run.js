// One training: live while it waits or runs, afterwards its record.
import { html, useEffect, useState } from "../vendor/preact.js";
import { place, send } from "../core/api.js";
import { bytes, duration, number, plural, words } from "../core/format.js";
import { refresh, useData } from "../core/live.js";
import { styled } from "../core/styles.js";
import { may } from "../core/caller.js";
import { href } from "../core/router.js";
import { Ago, Card, Copyable, Empty, Facts, Loaded, Notice, Placeholder, toast } from "../parts/basics.js";
import { DataSource } from "../parts/data_source.js";
import { confirmed } from "../parts/dialog.js";
import { Confusion } from "../runs/confusion.js";
import { thinned } from "../runs/curve_points.js";
import { useLiveJob } from "../runs/live_job.js";
import { RunCurves } from "../runs/run_curves.js";
import { Status, UNDER_WAY, compareAddress, leaves, progressText, runAddress, searchAddress, shortId, shown } from "../runs/run_words.js";
import { TagEditor } from "../runs/tags.js";
import { written as asYaml } from "../training/spec_text.js";

await styled(new URL("../runs/runs.css", import.meta.url));

export default function Run({ params: { run: id } }) {
  const record = useData(`v1/runs/${place(id)}`, { every: Infinity });
  if (record.error?.status === 404) return html`<${Job} key=${id} id=${id} ended=${record.refresh} />`;
  return html`<${Loaded} of=${record} lines=${10} label="The run">${(run) => html`<${Record} run=${run} saved=${record.refresh} />`}</${Loaded}>`;
}

function Title({ model, id, status, children }) {
  return html`<div class="view-head"><h1 tabindex="-1">${model ?? "Run"} <code class="soft">${shortId(id)}</code></h1><${Status} of=${status} />
    <div class="actions">${children}</div></div>`;
}

// A job that has not ended has no record yet.
function Job({ id, ended }) {
  const job = useData(`v1/jobs/${place(id)}`, { every: 3000 });
  const live = useLiveJob(id);
  const isOver = Boolean(live.end) || (job.data && !UNDER_WAY.has(job.data.status));
  useEffect(() => {
    if (!isOver) return undefined;
    const timer = setInterval(ended, 1000); // the record is written a moment after the end
    ended();
    return () => clearInterval(timer);
  }, [isOver]);
  if (job.error && !job.data) {
    return job.error.status === 404
      ? html`<h1 tabindex="-1">Run ${shortId(id)}</h1><${Empty} title="There is no such run.">The store has no record of it, and the queue no job. <a href="#/runs">To the runs</a></${Empty}>`
      : html`<h1 tabindex="-1">Run ${shortId(id)}</h1><${Notice} error=${job.error} />`;
  }
  if (!job.data) return html`<${Placeholder} lines=${10} label="The job" />`;
  const { data } = job;
  const progress = live.progress ?? data.progress;
  return html`<div class="stack"><${Title} ...${{ model: data.model, id, status: isOver ? live.end?.status ?? data.status : data.status }}>
      ${!isOver && may("train") && html`<button type="button" onClick=${() => cancel(data)}>Cancel</button>`}</${Title}>
    <${Card} title="Progress" id="progress">
      ${data.status === "queued" && !progress && html`<p>It waits${data.jobs_ahead ? ` behind ${plural(data.jobs_ahead, "other job")}` : " for a worker"}.</p>`}
      ${progress && html`<div class="progress"><progress value=${progress.epoch} max=${progress.epochs} aria-label=${`Epochs of ${data.model}`} />
        <span>${progressText(progress)}</span></div>`}
      ${isOver && html`<p class="soft" role="status">It has ended; its record is being written.</p>`}
    </${Card}>
    ${live.curves.xs.length > 0 && html`<${Card} title="Curves" id="curves"><${RunCurves} curves=${live.curves} /></${Card}>
    <${Card} title="Log" id="log"><${Log} lines=${live.lines} /></${Card}>`}</div>`;
}

async function cancel(job) {
  const said = await confirmed({ title: "Cancel this training?", body: `What ${job.model} has learned so far is kept as curves; no version is published.`, action: "Cancel the training", kind: "primary danger" });
  if (!said) return;
  try {
    await send(`v1/jobs/${place(job.id)}`, undefined, { method: "DELETE" });
    toast("It is asked to stop.");
    refresh("v1/jobs");
  } catch (error) {
    toast(error.message, "bad");
  }
}

function Log({ lines }) {
  const text = (line) => `${line.at.toLocaleTimeString()}  epoch ${line.epoch}  ${Object.entries(line.metrics).map(([name, value]) => `${words(name)} ${number(value)}`).join("  ")}`;
  return html`<pre class="log" tabindex="0" role="log" aria-label="Epochs, the newest first">${[...lines].reverse().map(text).join("\n")}</pre>`;
}

function Record({ run, saved }) {
  const curves = thinned(run.first_epoch ?? 1, run.history ?? {});
  return html`<div class="stack"><${Title} ...${run}>
      ${run.version && html`<a class="button" href=${href(["models", run.model, run.version])}>Version ${run.version}</a>`}
      ${may("train") && html`<a class="button" href=${href(["train"], { run: run.id })}>Again with changes</a>`}
      ${run.previous && html`<a class="button" href=${compareAddress([run.previous.id, run.id])}>Compare with the run before</a>`}</${Title}>
    ${run.error && html`<${Notice}>${run.error.type}: ${run.error.message}</${Notice}>`}
    ${(run.result?.warnings ?? []).map((one) => html`<${Notice} key=${one} kind="busy">${one}</${Notice}>`)}
    <div class="columns-2">
      <${Card} title="At a glance" id="glance"><${Facts} of=${glance(run)} /><${TagEditor} run=${run} onSaved=${saved} /></${Card}>
      <${Card} title="Metrics" id="metrics"><${Metrics} run=${run} /></${Card}>
    </div>
    ${run.cross_validation && html`<${Card} title="Cross-validation" id="folds" soft=${foldsOf(run.cross_validation)}><${Folds} of=${run.cross_validation} /></${Card}>`}
    ${curves.xs.length > 0 && html`<${Card} title="Curves" id="curves"><${RunCurves} curves=${curves} /></${Card}>`}
    <${Differences} previous=${run.previous} />
    ${run.test?.confusion && html`<${Card} title="Confusion matrix" id="confusion"><${Confusion} names=${run.test.class_names} cells=${run.test.confusion} /></${Card}>`}
    <${Card} title="Spec" id="spec"><${Spec} run=${run} /></${Card}>
    <${Card} title="Data, times, packages" id="rest"><${Rest} run=${run} /></${Card}></div>`;
}

function glance(run) {
  const seconds = run.started_at && run.ended_at ? (new Date(run.ended_at) - new Date(run.started_at)) / 1000 : null;
  return [
    ["Model", html`<a href=${href(["models", run.model])}>${run.model}</a>`],
    ["Ended", html`<${Ago} at=${run.ended_at} />`],
    ["Took", seconds === null ? null : duration(seconds)],
    ["Epochs", run.progress && `${number(run.progress.epoch)} of ${number(run.progress.epochs)}`],
    ["Stopped", run.progress?.stopped],
    ["Gate", run.gate && (run.gate.holds ? "holds" : run.verdict ?? "does not hold")],
    ["Search", run.search && html`<a href=${searchAddress(run.search.id)}>${shortId(run.search.id)}, trial ${run.search.trial}</a>`],
    ["Attempts", run.attempts > 1 ? run.attempts : null],
    ["Worker", run.worker],
    ["Backend", run.backend],
    ["Seed", run.seed === null ? null : shown(run.seed)],
    ["Id", html`<code class="id">${run.id}</code>`, "wide"],
  ];
}

function Metrics({ run }) {
  const parts = Object.entries(run.metrics ?? {});
  const names = [...new Set(parts.flatMap(([, values]) => Object.keys(values ?? {})))];
  const intervals = run.test?.intervals ?? {};
  if (!names.length) return html`<p class="soft">Nothing was measured.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of the metrics"><table class="plain"><thead><tr><th scope="col">Metric</th>
      ${parts.map(([part]) => html`<th scope="col" class="end" key=${part}>${part}</th>`)}</tr></thead>
    <tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${words(name)}</th>${parts.map(([part, values]) => html`<td class="end" key=${part}>${number(values?.[name])}
      ${part === "test" && intervals[name] && html`<span class="soft interval">${intervals[name].map(number).join(" to ")}</span>`}</td>`)}</tr>`)}</tbody></table></div>
    ${Object.keys(intervals).length > 0 && html`<p class="soft">Small figures: intervals of 95 %, of ${number(run.test.rows)} test rows.</p>`}`;
}

function foldsOf({ folds, repeats }) {
  return [folds > 1 && plural(folds, "fold"), repeats > 1 && plural(repeats, "repeat")].filter(Boolean).join(", ");
}

function Folds({ of: { metrics, scores, method, measured_on: on } }) {
  const names = Object.keys(metrics);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of the cross-validation"><table class="plain"><thead><tr><th scope="col">Metric</th><th scope="col" class="end">Mean</th>
      <th scope="col" class="end">Interval of 95 %</th><th scope="col" class="end">Deviation</th></tr></thead>
    <tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${words(name)}</th><td class="end">${number(metrics[name].mean)}</td>
      <td class="end">${number(metrics[name].lower)} to ${number(metrics[name].upper)}</td><td class="end">${number(metrics[name].deviation)}</td></tr>`)}</tbody></table></div>
    <p class="soft">Measured on ${on}; ${method}.</p>
    <details><summary>${plural(scores.length, "score")}</summary><div class="scroll" tabindex="0" role="region" aria-label="Scores"><table class="plain"><thead><tr><th scope="col">Repeat</th><th scope="col">Fold</th><th scope="col" class="end">Rows</th>
      ${names.map((name) => html`<th scope="col" class="end" key=${name}>${words(name)}</th>`)}</tr></thead>
      <tbody>${scores.map((one) => html`<tr key=${`${one.repeat}/${one.fold}`}><td>${one.repeat}</td><td>${one.fold ?? "–"}</td><td class="end">${number(one.rows)}</td>
        ${names.map((name) => html`<td class="end" key=${name}>${number(one.metrics[name])}</td>`)}</tr>`)}</tbody></table></div></details>`;
}

function Differences({ previous }) {
  if (!previous) return null;
  const head = html`<a href=${runAddress(previous.id)}>${shortId(previous.id)}</a>`;
  return html`<${Card} title="What differs from the run before" id="differs" soft=${head}>
    ${previous.differs.length === 0 ? html`<p class="soft">Nothing in the spec.</p>` : html`<div class="scroll" tabindex="0" role="region" aria-label="Table of what differs"><table class="plain">
      <thead><tr><th scope="col">Path</th><th scope="col">Before</th><th scope="col">Now</th></tr></thead>
      <tbody>${previous.differs.map(({ path, before, after }) => html`<tr key=${path}><th scope="row"><code>${path}</code></th><td class="value">${shown(before)}</td><td class="value">${shown(after)}</td></tr>`)}</tbody></table></div>`}</${Card}>`;
}

function Spec({ run }) {
  const [isResolved, setResolved] = useState(false);
  const written = run.spec_as_written ?? run.spec;
  if (!written) return html`<p class="soft">None is known.</p>`;
  const defaults = new Map(leaves(run.spec ?? {}));
  for (const [path] of leaves(written)) defaults.delete(path);
  return html`<div class="row" role="group" aria-label="Which spec">
      <button type="button" class="small" aria-pressed=${String(!isResolved)} onClick=${() => setResolved(false)}>As written</button>
      <button type="button" class="small" aria-pressed=${String(isResolved)} onClick=${() => setResolved(true)}>With every default${defaults.size ? ` (${defaults.size} more values)` : ""}</button></div>
    <${Copyable} text=${asYaml(isResolved ? run.spec : written)} label="Spec as YAML" />`;
}

function Rest({ run }) {
  const rows = Object.entries(run.data?.rows ?? {}).map(([part, count]) => `${part} ${number(count)}`).join(", ");
  const facts = [
    ["Source", run.data?.source && html`<${DataSource} of=${shown(run.data.source)} />`, "wide"], ["Rows", rows || null, "wide"],
    ["Digest of the data", run.data?.sha256 && html`<code title=${run.data.sha256}>${run.data.sha256.slice(0, 16)}…</code>`, "wide"],
    ...Object.entries(run.timings_s ?? {}).map(([step, seconds]) => [`Time for ${words(step)}`, duration(seconds)]),
    ["Size", run.data?.size_bytes && bytes(run.data.size_bytes)],
  ];
  const packages = Object.entries(run.package_versions ?? {});
  return html`<${Facts} of=${facts} />${packages.length > 0 && html`<details><summary>${plural(packages.length, "package")}</summary>
    <ul class="package-list">${packages.map(([name, version]) => html`<li key=${name}><code>${name} ${version}</code></li>`)}</ul></details>`}`;
}
