// The page: what it shows, and how often it looks again.
import { ask, key, setKey } from "./api.js";
import { showJobs } from "./jobs.js";
import { showModels } from "./models.js";

const LOOK_AGAIN_MS = 4000;
const state = document.getElementById("state");
const dialog = document.getElementById("key-dialog");
const field = document.getElementById("key-field");

async function showState() {
  try {
    const ready = await ask("readyz");
    const models = ready.models === 1 ? "1 model" : `${ready.models} models`;
    const versions = ready.loaded_versions === 1 ? "1 version" : `${ready.loaded_versions} versions`;
    tell(`Ready: ${models}, ${versions} loaded`, "good");
  } catch (error) {
    tell(error.message, "bad");
  }
}

function tell(text, kind) {
  state.className = `state ${kind}`;
  if (state.textContent !== text) state.textContent = text;
}

async function look() {
  if (!document.hidden) await Promise.allSettled([showState(), showModels(), showJobs()]);
}

async function keepLooking() {
  await look();
  setTimeout(keepLooking, LOOK_AGAIN_MS);
}

let asked = false;
function askForKey() {
  if (dialog.open) return;
  field.value = key();
  dialog.showModal();
  field.focus();
}

addEventListener("key-needed", (event) => {
  document.getElementById("key-button").classList.add("wanted");
  document.getElementById("key-reason").textContent =
    `${event.detail} It is kept in this tab only and is gone when you close it.`;
  if (!asked) askForKey();
  asked = true;
});
document.getElementById("key-button").addEventListener("click", askForKey);
dialog.addEventListener("close", () => {
  if (!dialog.returnValue) return;
  setKey(dialog.returnValue === "keep" ? field.value.trim() : "");
  field.value = "";
  dialog.returnValue = "";
  asked = false;
  document.getElementById("key-button").classList.remove("wanted");
  look();
});
document.addEventListener("visibilitychange", look);
keepLooking();
