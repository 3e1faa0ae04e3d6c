// Jobs, the newest first. Those that run are followed event by event.
import { ask, follow } from "../core/api.js";
import { badge, draw, duration, empty, make, notice, number, since, swap } from "./elements.js";

const MOST = 12;
const LOOK_AGAIN_MS = 4000;
const MOST_STREAMS = 3; // a browser keeps six connections to a host
const KINDS = { finished: "good", failed: "bad", started: "busy", queued: "quiet", canceled: "quiet" };
const RUNNING = new Set(["queued", "started", "deferred", "scheduled"]);
const CANCELED = new Set(["stopped", "canceled"]); // the queue's words: while it ran, before it ran
let body = null;
const seen = new Map(); // job id → { history, progress, stream }
let latest = [];

// Shows them in an element, and looks again as long as that is in the page.
export async function keepShowing(element) {
  [body, shown] = [element, ""];
  while (body === element && element.isConnected) {
    if (!document.hidden) await showJobs();
    await new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
  }
}

async function showJobs() {
  try {
    latest = (await ask(`v1/jobs?limit=${MOST}`)).jobs;
  } catch (error) {
    latest = [];
    swap(body, error.status === 403 ? empty("This key does not open jobs: it has not the scope “train”.") : notice(error.message));
    return;
  }
  for (const job of latest) memory(job).progress = job.progress ?? memory(job).progress;
  render();
  latest.filter((job) => job.status === "started").forEach(listen);
}

function memory(job) {
  if (!seen.has(job.id)) seen.set(job.id, { history: [], progress: null, stream: false });
  return seen.get(job.id);
}

async function listen(job) {
  const kept = memory(job);
  if (kept.stream || [...seen.values()].filter((one) => one.stream).length >= MOST_STREAMS) return;
  kept.stream = true;
  kept.history = [];
  try {
    await follow(`v1/jobs/${encodeURIComponent(job.id)}/events`, (event) => {
      if (event.event !== "epoch") return;
      kept.history.push(event.metrics);
      kept.progress = event;
      render();
    });
  } catch {
    return; // the list says it the next time
  } finally {
    kept.stream = false;
  }
  showJobs();
}

let shown = "";
function render() {
  const now = JSON.stringify([latest, latest.map((job) => memory(job).progress)]);
  if (now === shown && body.childElementCount) return;
  shown = now;
  const focused = document.activeElement?.dataset?.cancel;
  swap(body, latest.length ? make("ul", { class: "jobs" }, latest.map(item)) : empty("No jobs yet. Submit one: ", make("code", {}, "onehot train SPEC"), "."));
  if (focused) body.querySelector(`[data-cancel="${focused}"]`)?.focus();
}

function item(job) {
  const { progress, history } = memory(job);
  const status = CANCELED.has(job.status) ? "canceled" : job.status;
  const at = job.ended_at ?? job.started_at ?? job.created_at;
  return make("li", { class: "card job" },
    make("div", { class: "line" },
      make("strong", {}, job.model ?? "–"), badge(status, KINDS[status]),
      job.jobs_ahead ? make("span", { class: "soft" }, `behind ${job.jobs_ahead}`) : null,
      make("span", { class: "soft" }, make("time", { datetime: at }, since(at))),
      make("code", { class: "soft id", title: job.id }, job.id.slice(0, 12)),
      RUNNING.has(job.status) ? cancelButton(job) : null),
    job.status === "started" && progress ? running(job, progress, history) : null,
    job.error && status !== "canceled" ? make("p", { class: "reason" }, job.error.message) : null,
    job.progress?.stopped ? make("p", { class: "soft stopped" }, job.progress.stopped) : null,
    job.result ? outcome(job.result) : null);
}

function running(job, progress, history) {
  const text = `epoch ${progress.epoch} of ${progress.epochs}${progress.eta_s ? ` · ${duration(progress.eta_s)} left` : ""}`;
  return make("div", { class: "running" },
    make("progress", { value: progress.epoch, max: progress.epochs, "aria-label": `Progress of ${job.model}` }),
    make("span", {}, text), figures(progress.metrics ?? {}), curve(history));
}

function outcome(result) {
  return [
    make("div", { class: "running" }, make("span", {}, `version ${result.version}`), figures(result.metrics ?? {})),
    result.verdict ? make("p", { class: "reason warn" }, result.verdict) : null,
  ];
}

function figures(metrics) {
  return make("span", { class: "soft" }, Object.entries(metrics).slice(0, 4).map(([name, value]) => `${name.replaceAll("_", " ")} ${number(value)}`).join(" · "));
}

function curve(history) {
  const losses = history.map((metrics) => metrics.loss).filter(Number.isFinite);
  if (losses.length < 2) return null;
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const points = losses.map((loss, index) => `${100 * index / (losses.length - 1)},${22 - 20 * (loss - low) / (high - low || 1)}`);
  return draw("svg", { viewBox: "0 0 100 24", class: "curve", role: "img", preserveAspectRatio: "none", "aria-label": "Loss by epoch" },
    draw("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }));
}

function cancelButton(job) {
  return make("button", { type: "button", class: "small", "data-cancel": job.id, "aria-label": `Cancel the job of ${job.model}`, onclick: async (event) => {
    event.currentTarget.disabled = true;
    await ask(`v1/jobs/${encodeURIComponent(job.id)}`, { method: "DELETE" }).catch(() => null);
    showJobs();
  } }, "Cancel");
}
