// Talks to the service. The key, where one is needed, lives in this tab's session storage and nowhere else.
const PLACE = "onehot-key";

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function key() {
  return sessionStorage.getItem(PLACE) ?? "";
}

export function setKey(text) {
  if (text) sessionStorage.setItem(PLACE, text);
  else sessionStorage.removeItem(PLACE);
}

function headers(more = {}) {
  return key() ? { ...more, "X-API-Key": key() } : more;
}

async function open(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: headers(options.headers), cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The service does not answer.");
  }
  if (answer.ok) return answer;
  const document = await answer.json().catch(() => ({}));
  if (answer.status === 401) globalThis.dispatchEvent(new CustomEvent("key-needed", { detail: document.error }));
  throw new Refused(answer.status, document.error ?? `Status ${answer.status}`);
}

export async function ask(path, options) {
  const answer = await open(path, options);
  return answer.status === 204 ? null : answer.json();
}

export function send(path, document) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(document),
  });
}

// Server-sent events over fetch, as an EventSource cannot send a key. Ends when the stream does.
export async function follow(path, tell, signal) {
  const answer = await open(path, { headers: { Accept: "text/event-stream" }, signal });
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
