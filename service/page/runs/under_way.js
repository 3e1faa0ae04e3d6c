// Trainings that wait or run, above the table of those that have ended; one that ends while one looks stays in sight.
import { html, useEffect, useState } from "../vendor/preact.js";
import { number, plural } from "../core/format.js";
import { useData } from "../core/live.js";
import { Card, Notice } from "../parts/basics.js";
import { Spark } from "../parts/spark.js";
import { useLiveJob } from "./live_job.js";
import { RunName, Status, UNDER_WAY, progressText } from "./run_words.js";

const EVERY_MS = 3000;
const MOST = 20;
const MOST_STREAMS = 3; // a browser keeps six connections to a host

export function UnderWay() {
  const found = useData(`v1/jobs?limit=${MOST}`, { every: EVERY_MS });
  const [seen, setSeen] = useState(new Set());
  const jobs = found.data?.jobs ?? [];
  const live = jobs.filter(({ status }) => UNDER_WAY.has(status)).map(({ id }) => id);
  useEffect(() => { if (live.some((id) => !seen.has(id))) setSeen(new Set([...seen, ...live])); }, [live.join()]);
  const shown = jobs.filter(({ id }) => live.includes(id) || seen.has(id));
  if (found.error && !found.data) return html`<section id="jobs" aria-label="Under way"><${Notice} kind="busy">${`What is under way is not known: ${found.error.message}`}</${Notice}></section>`;
  if (!shown.length) return html`<section id="jobs" aria-label="Under way" />`;
  const followed = new Set(shown.filter(({ status }) => status === "started").slice(0, MOST_STREAMS).map(({ id }) => id));
  return html`<${Card} title="Under way" id="jobs"><ul class="jobs">${shown.map((job) => html`<li key=${job.id}>
    <${followed.has(job.id) ? Followed : Line} job=${job} changed=${found.refresh} /></li>`)}</ul></${Card}>`;
}

function Line({ job, losses }) {
  const { model, status, progress, jobs_ahead: ahead, error, result } = job;
  const isOver = !UNDER_WAY.has(status);
  const metrics = Object.entries(progress?.metrics ?? {}).filter(([name]) => /val_|accuracy|loss/.test(name)).slice(0, 3);
  return html`<${RunName} run=${job} /><${Status} of=${status} />
    ${!progress && !isOver && ahead > 0 && html`<span class="soft">behind ${plural(ahead, "other job")}</span>`}
    ${progress && !isOver && html`<span class="progress"><progress value=${progress.epoch} max=${progress.epochs} aria-label=${`Epochs of ${model}`} />
      <span>${progressText(progress)}</span></span>`}
    ${losses && html`<span class="curve"><${Spark} values=${losses} label="Loss by epoch" /></span>`}
    ${!isOver && html`<span class="soft">${metrics.map(([name, value]) => `${name} ${number(value)}`).join(" · ")}</span>`}
    ${error && html`<span class="reason">${error.message}</span>`}${result?.verdict && html`<span class="reason">${result.verdict}</span>`}
    ${result?.version && html`<a href=${`#/models/${encodeURIComponent(model)}/${result.version}`}>version ${result.version}</a>`}`;
}

function Followed({ job, changed }) {
  const live = useLiveJob(job.id);
  useEffect(() => { if (live.end) changed(); }, [live.end]);
  const told = live.progress && live.progress.epoch >= (job.progress?.epoch ?? 0) ? { ...job, progress: live.progress } : job;
  return html`<${Line} job=${told} losses=${live.curves.columns.get("loss")} />`;
}
