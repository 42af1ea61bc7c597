// The sentence, and the strip from the photo to the answer: a click on a step goes to its layer. props.value is made by tab.py.

import { button, node, saveCanvas } from "../../page/common.js";
import { atLayer } from "./look.js";
import { sheet } from "./sheet.js";

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-journey");

  function draw() {
    const { value } = props;
    if (!value) return;
    const focus = root.contains(document.activeElement) ? document.activeElement.dataset.layer : null;
    const sentence = node("div");
    sentence.innerHTML = value.sentence; // escaped where it was made
    root.replaceChildren(sentence);
    if (value.steps) root.append(strip(value, (layer) => trigger("stage", atLayer(layer))));
    if (focus) root.querySelector(`[data-layer="${CSS.escape(focus)}"]`)?.focus();
  }

  watch("value", draw);
  draw();
}

function strip(value, toStage) {
  const row = node("div", "journey");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", value.title);
  row.append(...value.steps.map((step, index) => {
    const item = step.layer ? button("step", undefined, () => toStage(step.layer)) : node("div", "step");
    const picture = Object.assign(node("img", "pixels"), { src: step.picture, alt: "" });
    picture.style.setProperty("--place", index / (value.steps.length - 1));
    item.append(picture, node("span", "", step.name), node("span", "soft", step.size), node("code", "soft", step.layer ?? "\u00a0"));
    if (step.layer) {
      item.title = step.title;
      item.dataset.layer = step.layer;
      item.setAttribute("aria-pressed", String(step.layer === value.selected));
    }
    return item;
  }), answerOf(value));
  const save = button("action journey-save", value.png, () => savePng(value, row));
  const whole = node("div", "journey-whole");
  whole.append(row, save);
  return whole;
}

// What comes out at the end, and of which network.
function answerOf({ answer, network }) {
  const box = node("div", "journey-answer");
  box.append(node("b", "", answer), node("span", "soft", network));
  return box;
}

// The strip as a picture: its steps at one size, with their names and sizes, and the answer.
async function savePng({ steps, answer, title, file }, row) {
  const pictures = [...row.querySelectorAll("img")];
  const tiles = steps.map((step, place) => ({ source: pictures[place], notes: [step.name, step.size, step.layer ?? ""] }));
  const canvas = sheet({ title: `${title} · ${answer}`, lines: file.lines, tiles, columns: tiles.length, side: 128, fonts: row });
  saveCanvas(canvas, `${file.name}.png`);
}
