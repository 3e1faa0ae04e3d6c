// Talks to the service. The key, where one is needed, lives in this tab's session storage and nowhere else.
import { signal } from "../vendor/preact.js";

const PLACE = "onehot-key";

export const key = signal(sessionStorage.getItem(PLACE) ?? "");
export const keyWanted = signal(null); // why the service asks for a key, in its own words

export function setKey(text) {
  if (text) sessionStorage.setItem(PLACE, text);
  else sessionStorage.removeItem(PLACE);
  key.value = text;
  keyWanted.value = null;
}

// What the service refused, in its own sentence. `status` 0: it does not answer. `details`: [{ path, message }].
export class Refused extends Error {
  constructor(status, message, { details = [], retryAfter = null, document = {} } = {}) {
    super(message);
    Object.assign(this, { status, details, retryAfter, document });
  }

  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

// The answer itself; `path` is relative to the page, so that it works behind a proxy's prefix too.
export async function open(path, { headers = {}, ...options } = {}) {
  const sent = key.value;
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options, headers: sent ? { ...headers, "X-API-Key": sent } : headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The service does not answer.");
  }
  if (answer.ok) return answer;
  const document = await answer.json().catch(() => ({}));
  const message = document.error ?? `Status ${answer.status}`;
  if (answer.status === 401 && sent === key.value) keyWanted.value = message;
  const retryAfter = Number(answer.headers.get("Retry-After")) || null;
  throw new Refused(answer.status, message, { details: document.details, retryAfter, document });
}

export async function ask(path, options) {
  const answer = await open(path, options);
  return answer.status === 204 ? null : answer.json();
}

// POST by default; `document` goes as JSON.
export function send(path, document, { method = "POST", headers = {}, signal: stop } = {}) {
  const body = document === undefined ? undefined : JSON.stringify(document);
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  return ask(path, { method, body, headers: { ...type, ...headers }, signal: stop });
}

// Server-sent events over fetch, as an EventSource cannot send a key. Ends when the stream does.
export async function follow(path, tell, stop) {
  const answer = await open(path, { headers: { Accept: "text/event-stream" }, signal: stop });
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
      if (data.length) tell(JSON.parse(data.join("\n")));
    }
  }
}

// The path of a model, a version, a run …: each part encoded.
export function place(...parts) {
  return parts.map((part) => encodeURIComponent(part)).join("/");
}
