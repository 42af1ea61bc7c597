// What the address keeps of the page: choices, never a photo. Those that are steps can be undone by the browser's Back.

import { watchDocs } from "./api_docs.js";
import { draw, networkChosen, openTab } from "./working.js";

const STEPS = ["tab", "example", "task", "kernel", "layer", "channel", "learned", "step"];
let isRestored = false; // until the page shows what the address asked for, nothing may change the address
let early = []; // what was chosen until then
let goingBack = 0; // steps back that the page does not show yet: what it still shows is not written to the address
const LONGEST_WAIT = 10_000; // milliseconds, for an answer that may be lost

export const query = () => new URLSearchParams(location.search);

export function set(changes) {
  if (changes.task) networkChosen(changes.task);
  if (!isRestored) { early.push(changes); return; }
  if (goingBack) return;
  const [before, asked] = [query(), query()];
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") asked.delete(name);
    else asked.set(name, value);
  }
  if (asked.toString() === before.toString()) return;
  const isStep = STEPS.some((name) => asked.get(name) !== before.get(name));
  const address = asked.size ? `?${asked}` : location.pathname;
  history[isStep ? "pushState" : "replaceState"](history.state, "", address);
}

// Open what the address with these changes asks for.
export function go(changes) {
  set(changes);
  document.getElementById("restore")?.click();
}

// The tab that is open: gradio tells of the first one when the page starts, and may do so after a link opened another.
export function setTab() {
  setTimeout(() => { // gradio tells before it shows
    const open = openTab();
    set({ tab: open === "what" ? null : open });
    draw();
  });
}

export const task = () => query().get("task") ?? "";

// The page shows what its address asked for, in this language. An address that asked for nothing left alone what was
// chosen meanwhile, which is written down now; any other has undone it.
export function restored(language) {
  if (!isRestored) {
    isRestored = true;
    watchDocs();
    const isBare = [...query().keys()].every((name) => name === "lang" || name.startsWith("__"));
    const kept = early.filter((changes) => isBare && (changes.lang ?? language) === language);
    early = [];
    kept.forEach(set);
  }
  goingBack = Math.max(0, goingBack - 1);
  speak(language);
  // a network from the Hub may take a while, so that the page shows its own before
  if (task().includes("/")) document.getElementById("restore-hub")?.click();
}

// The visitor chose a language.
export function setLanguage(code) {
  set({ lang: code });
  speak(code);
}

// For what gradio itself writes ("Drop image here") and for screen readers.
async function speak(code) {
  document.documentElement.lang = code;
  try {
    const core = performance.getEntriesByType("resource").map((entry) => entry.name)
      .find((name) => /assets\/core-[^/]*\.js/.test(name));
    (await import(core)).changeLocale(code);
  } catch { /* gradio's own words then stay as they are */ }
}

let forget = null;
window.addEventListener("popstate", () => {
  goingBack += 1;
  clearTimeout(forget);
  forget = setTimeout(() => { goingBack = 0; }, LONGEST_WAIT);
  document.getElementById("restore")?.click();
});
// for gradio's events, which import nothing
window.cnnhubLink = { set, task, go, get isRestored() { return isRestored; } };
