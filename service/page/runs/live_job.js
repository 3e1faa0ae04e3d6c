// A training that waits or runs, event by event; a lost connection is opened again, and what was seen is kept.
import { follow, place } from "../core/api.js";
import { signal, useEffect, useMemo } from "../vendor/preact.js";
import { CurvePoints } from "./curve_points.js";

const MOST_LINES = 200;
const AGAIN_MS = 2000;
const DRAW_MS = 250; // epochs can come faster than anyone reads

class LiveJob {
  constructor(id) {
    this.id = id;
    this.curves = new CurvePoints();
    this.lines = [];
    this.state = signal({ count: 0, progress: null, end: null });
    this.stop = new AbortController();
    this.timer = 0;
  }

  async run() {
    while (!this.stop.signal.aborted && !this.state.value.end) {
      let isFirst = true;
      try {
        await follow(`v1/jobs/${place(this.id)}/events`, (event) => {
          if (isFirst && event.event === "epoch") this.curves.clear(); // the stream begins with the first that is kept
          isFirst = false;
          this.take(event);
        }, this.stop.signal);
      } catch (error) {
        if (error.status === 404) this.end = { status: "gone" };
      }
      if (this.end) this.draw();
      else await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  take(event) {
    if (event.event === "end") {
      this.end = event;
    } else if (event.event === "fold") {
      this.progress = event; // the curves are those of the training that is published
    } else if (event.event === "epoch") {
      this.progress = event;
      this.curves.add(event.epoch, event.metrics ?? {});
      const last = this.lines.at(-1)?.epoch ?? 0;
      if (event.epoch > last) this.lines.push({ epoch: event.epoch, metrics: event.metrics ?? {}, at: new Date() });
      if (this.lines.length > MOST_LINES) this.lines.splice(0, this.lines.length - MOST_LINES);
    }
    this.timer ||= setTimeout(() => this.draw(), DRAW_MS);
  }

  draw() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.state.value = { count: this.state.value.count + 1, progress: this.progress ?? null, end: this.end ?? null };
  }

  leave() {
    this.stop.abort();
    clearTimeout(this.timer);
  }
}

// { progress, end, curves, lines } of a job; it follows while the view is open.
export function useLiveJob(id) {
  const job = useMemo(() => new LiveJob(id), [id]);
  useEffect(() => {
    job.run();
    return () => job.leave();
  }, [job]);
  return { ...job.state.value, curves: job.curves, lines: job.lines };
}
