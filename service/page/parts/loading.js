// A version that is in the store and not in memory: asked for by number, it is loaded.
import { html, useState } from "../vendor/preact.js";
import { ask } from "../core/api.js";
import { refresh } from "../core/live.js";
import { versionPath } from "../core/model_data.js";
import { toast } from "./basics.js";

const TRIES = 20;

export function LoadButton({ model, version }) {
  const [isLoading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    try {
      await loaded(model, version);
      toast(`Version ${version} of ${model} is loaded.`);
    } catch (error) {
      toast(error.message, "bad");
    }
    setLoading(false);
    refresh("v1/models");
  };
  return html`<button type="button" class="small" disabled=${isLoading} onClick=${load} aria-label=${`Load version ${version} of ${model}`}>${isLoading ? "Loading …" : "Load"}</button>`;
}

// Its metadata are asked for until it answers; each time the service says when to come again.
async function loaded(model, version) {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await ask(`${versionPath(model, version)}/metadata`);
    } catch (error) {
      if (!left || error.status !== 503) throw error;
      await new Promise((done) => { setTimeout(done, 1000 * (error.retryAfter ?? 1)); });
    }
  }
}
