// Who looks at the page, and what that caller may do: what a key does not permit is not offered.
import { computed, useEffect } from "../vendor/preact.js";
import { sourceOf } from "./live.js";

const EVERY_MS = 60_000;
const ALL = ["predict", "train", "admin"];
const source = sourceOf("v1/me");

export const caller = computed(() => source.state.value.data ?? null); // null until it is known

// Until it is known everything is offered: most services have no keys.
export function may(scope) {
  return (caller.value?.scopes ?? ALL).includes(scope);
}

// What a key without a scope sees in the place of a view that needs it.
export function lacks(scope) {
  if (may(scope)) return null;
  return `This key has not the scope “${scope}”: those who run the service give it, or another key.`;
}

// For the part of the page that is always there: it keeps `caller` as the service tells it.
export function useCaller() {
  useEffect(() => source.join({ every: EVERY_MS }), []);
  return caller.value;
}
