// Light or dark: as the system says, or as was chosen here. Kept in this browser, if chosen.
import { effect, signal } from "../vendor/preact.js";

const PLACE = "onehot-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = signal(read());
const isSystemDark = signal(system.matches);

function read() {
  try {
    return localStorage.getItem(PLACE) ?? "";
  } catch {
    return ""; // a browser may forbid it
  }
}

export const theme = signal("light");

export function switchTheme() {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(PLACE, chosen.value);
  } catch {
    return; // it holds until the page is left
  }
}

system.addEventListener("change", () => { isSystemDark.value = system.matches; });
effect(() => {
  if (chosen.value) document.documentElement.dataset.theme = chosen.value;
  theme.value = chosen.value || (isSystemDark.value ? "dark" : "light");
});
