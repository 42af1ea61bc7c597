// What follows the first filter: a list of steps, each with its picture, its size and its own few settings.

import { button, choice, legendOf, node } from "../../page/common.js";
import { paint } from "./lab_live.js";
import { written } from "./said.js";

const MADE = {
  relu: { name: "", window: 1, stride: 1 },
  pool: { name: "max", window: 2, stride: 2 },
  filter: { name: "gaussian", window: 1, stride: 1 },
};

export function drawSteps(lab) {
  const focused = document.activeElement?.dataset?.step;
  lab.find(".steps").replaceChildren(...lab.settings.steps.map((step, place) => stepItem(lab, step, place)));
  if (focused) lab.find(`[data-step="${focused}"]`)?.focus();
  drawAdders(lab);
}

function drawAdders(lab) {
  const { words, settings } = lab;
  const labels = { relu: "+ ReLU", pool: words.add_pool, filter: words.add_filter };
  lab.find(".adders").replaceChildren(...Object.entries(labels).map(([kind, label]) => {
    const made = button("quiet", label, () => change(lab, [...settings.steps, { kind, ...MADE[kind] }]));
    made.disabled = settings.steps.length >= lab.offered.most_steps;
    return made;
  }));
}

function change(lab, steps) {
  lab.settings.steps = steps;
  drawSteps(lab);
  lab.send();
}

function stepItem(lab, step, place) {
  const { value, words } = lab;
  const title = `${place + 2}. ${words[`step_${step.kind}`]}`;
  const [item, head, picture] = [node("li", "step-item"), node("div", "step-head"), node("div", "step-picture")];
  head.append(node("b", "", title), stepButtons(lab, title, place));
  const made = value?.settings && isSame(value.settings.steps[place], step) ? value.steps[place] : null;
  if (made) {
    picture.append(made.uri ? Object.assign(node("img", "pixels"), { src: made.uri, alt: title }) : pictureOf(made, title));
    picture.append(legendOf({ ...made, low: asText(made.low), high: asText(made.high) }));
  }
  item.append(head, stepChoices(lab, step, place), picture, node("p", "soft", made ? lab.said(value).steps[place] : ""));
  return item;
}

function pictureOf({ picture }, title) {
  const canvas = node("canvas", "pixels");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  paint(canvas, picture);
  return canvas;
}

const asText = (value) => (typeof value === "number" ? written(value) : value);
const isSame = (one, other) => one && ["kind", "name", "window", "stride"].every((key) => one[key] === other[key]);

function stepChoices(lab, step, place) {
  const { words, offered } = lab;
  const choices = node("div", "step-choices");
  const add = (name, label, known, said, read) => {
    const field = node("label", "inline");
    const select = choice(known, step[name], said, (text) => {
      change(lab, lab.settings.steps.map((one, i) => (i === place ? { ...one, [name]: read(text) } : one)));
    });
    select.dataset.step = `${place}-${name}`;
    field.append(node("span", "", label), select);
    choices.append(field);
  };
  if (step.kind === "pool") {
    add("name", words.step_pool, offered.pools, (name) => words[`pool_${name}`], String);
    add("window", words.window, offered.windows, (side) => `${side}×${side}`, Number);
  }
  if (step.kind === "filter") {
    add("name", words.step_filter, offered.presets.map((preset) => preset.name), (name) => words[`kernel_${name}`], String);
  }
  if (step.kind !== "relu") add("stride", words.stride, offered.strides, String, Number);
  return choices;
}

function stepButtons(lab, title, place) {
  const { words } = lab;
  const { steps } = lab.settings;
  const buttons = node("span", "step-buttons");
  const add = (sign, label, able, act) => {
    const made = button("quiet", sign, act);
    made.title = label;
    made.dataset.step = `${place}-${sign}`;
    made.setAttribute("aria-label", `${label}: ${title}`);
    made.disabled = !able;
    buttons.append(made);
  };
  const moveTo = (to) => {
    const others = steps.filter((_, i) => i !== place);
    change(lab, [...others.slice(0, to), steps[place], ...others.slice(to)]);
  };
  add("↑", words.up, place > 0, () => moveTo(place - 1));
  add("↓", words.down, place < steps.length - 1, () => moveTo(place + 1));
  add("×", words.remove, true, () => change(lab, steps.filter((_, i) => i !== place)));
  return buttons;
}
