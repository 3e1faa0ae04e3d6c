// What a view shows of the service: fetched, kept, looked at again. Views that name the same path share one request.
import { key, open } from "./api.js";
import { effect, signal, useEffect, useMemo } from "../vendor/preact.js";

const USUAL_MS = 4000;
const LONGEST_MS = 60_000;
const KEPT = 60; // paths whose last answer is there at once when one comes back
const NOTHING = { data: undefined, error: null, isStale: false, isLoading: true };

export const away = signal(null); // { since, next } while the service does not answer

class Source {
  constructor(path, read) {
    this.path = path;
    this.read = read;
    this.state = signal(NOTHING);
    this.users = new Set(); // how often each looks again, in ms; Infinity: once
    this.failures = 0;
    this.timer = 0;
    this.text = "";
  }

  join(user) {
    this.users.add(user);
    this.look();
    return () => {
      this.users.delete(user);
      if (this.users.size) return;
      clearTimeout(this.timer);
      this.stop?.abort();
    };
  }

  async look() {
    clearTimeout(this.timer);
    this.stop?.abort();
    const stop = this.stop = new AbortController();
    const began = performance.now();
    try {
      const answer = await open(this.path, { signal: stop.signal });
      if (this.read) this.keep(await this.read(answer));
      else this.keepText(await answer.text());
    } catch (error) {
      if (error.name === "AbortError") return;
      this.fail(error);
    }
    if (this.stop === stop) this.plan(performance.now() - began);
  }

  // What did not change is neither read nor drawn again.
  keepText(text) {
    const isSame = text === this.text && this.state.value.data !== undefined;
    this.text = text;
    this.keep(isSame ? this.state.value.data : JSON.parse(text));
  }

  keep(data) {
    this.failures = 0;
    if (away.value) away.value = null;
    const known = this.state.value;
    if (data !== known.data || known.isStale || known.error) this.state.value = { data, error: null, isStale: false, isLoading: false };
  }

  // What is known stays, greyed, while the service is away; what it refuses goes.
  fail(error) {
    this.failures += 1;
    this.retryAfter = error.retryAfter;
    const data = error.isPassing ? this.state.value.data : undefined;
    if (error.status === 0) away.value = { since: away.value?.since ?? new Date() };
    this.state.value = { data, error, isStale: data !== undefined, isLoading: false };
  }

  plan(tookMs) {
    if (document.hidden || !this.users.size) return;
    const every = Math.min(...[...this.users].map((user) => user.every));
    const wait = Math.max(every, 10 * tookMs) * 2 ** Math.min(this.failures, 5);
    const least = (this.retryAfter ?? 0) * 1000;
    this.retryAfter = null;
    const again = this.failures && every === Infinity ? USUAL_MS * 2 ** Math.min(this.failures, 5) : wait;
    if (Number.isFinite(again)) this.timer = setTimeout(() => this.look(), Math.max(Math.min(again, LONGEST_MS), least) * (0.9 + 0.2 * Math.random()));
  }
}

const sources = new Map();

export function sourceOf(path, read) {
  let source = sources.get(path);
  if (!source) source = new Source(path, read);
  sources.delete(path);
  sources.set(path, source); // the newest last
  for (const [old, { users }] of sources) {
    if (sources.size <= KEPT) break;
    if (!users.size) sources.delete(old);
  }
  return source;
}

// { data, error, isStale, isLoading, refresh }. `path` null: nothing is asked. `every` in ms; Infinity: once, and again on
// refresh(). `read` makes the data of the answer, of all who name the path; else it is JSON.
export function useData(path, { every = USUAL_MS, read } = {}) {
  const source = useMemo(() => (path === null ? null : sourceOf(path, read)), [path]);
  useEffect(() => source?.join({ every }), [source, every]);
  const state = source ? source.state.value : NOTHING;
  return { ...state, refresh: () => source?.look() };
}

// Look again at every path that begins so, now: after something was changed.
export function refresh(prefix = "") {
  for (const [path, source] of sources) {
    if (!path.startsWith(prefix)) continue;
    if (source.users.size) source.look();
    else sources.delete(path);
  }
}

// A new key sees other things.
let known = key.value;
effect(() => {
  if (key.value === known) return;
  known = key.value;
  for (const source of sources.values()) source.state.value = NOTHING;
  refresh();
});
document.addEventListener("visibilitychange", () => !document.hidden && refresh());
