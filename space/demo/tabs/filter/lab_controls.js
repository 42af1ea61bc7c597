// The controls of the laboratory: presets, sizes, and how the kernel is applied.

import { button, fill, node, press } from "../../page/common.js";
import { numberOf, padding, resized } from "./lab_math.js";
import { drawKernel, isClipped } from "./lab_view.js";

// What a <select> says -> the setting; the others are the text itself.
const READ = {
  stride: Number,
  dilation: Number,
  padding: (text) => (["same", "valid"].includes(text) ? text : Number(text)),
  colour: (text) => text === "rgb",
  flipped: (text) => text === "convolution",
};

export function listenToControls(lab) {
  for (const select of lab.findAll("[data-setting]")) {
    select.addEventListener("change", () => {
      const name = select.dataset.setting;
      lab.settings[name] = READ[name]?.(select.value) ?? select.value;
      drawControls(lab);
      lab.send();
    });
  }
  for (const input of lab.findAll("[data-number]")) {
    input.addEventListener("input", () => {
      lab.settings[input.dataset.number] = numberOf(input.value);
      if (input.dataset.number === "divisor") return ownKernel(lab);
      drawKernel(lab);
      lab.send(50);
    });
  }
}

export function drawControls(lab) {
  const { words, settings, offered, value } = lab;
  const select = (name, known, chosen, label) => options(lab.find(`[data-setting="${name}"]`), known, known.map(label), chosen);
  const worded = (name, known, chosen, key = name) => select(name, known, chosen, (option) => words[`${key}_${option}`]);
  const amount = padding({ ...settings, padding: "same" });
  select("stride", offered.strides, settings.stride, String);
  select("dilation", offered.dilations, settings.dilation, String);
  select("padding", offered.paddings, settings.padding, (option) => (option === "same"
    ? fill(words.padding_same, { amount }) : words[`padding_${option}`] ?? fill(words.padding_amount, { amount: option })));
  worded("border", offered.borders, settings.border);
  worded("colour", ["grey", "rgb"], settings.colour ? "rgb" : "grey");
  worded("flipped", ["correlation", "convolution"], settings.flipped ? "convolution" : "correlation", "operation");
  const drawn = value?.map && isClipped(lab) ? "clipped" : "signed";
  worded("drawn", ["signed", "clipped"], settings.drawn === "auto" ? drawn : settings.drawn);
  segments(lab, "size", offered.sizes, settings.weights.length, (size) => `${size}×${size}`);
  segments(lab, "channel", [0, 1, 2], settings.channel, (channel) => words[`channel_${channel}`]);
  lab.find(".planes").hidden = !settings.colour;
}

function options(select, known, labels, chosen) {
  if (select.dataset.labels !== labels.join("|")) {
    select.dataset.labels = labels.join("|");
    select.replaceChildren(...known.map((option, i) => new Option(labels[i], option)));
  }
  select.value = String(chosen);
}

function segments(lab, name, known, chosen, label) {
  const row = lab.find(`[data-choice="${name}"]`);
  const made = () => known.map((option) => button("", undefined, () => CHOOSE[name](lab, option)));
  if (row.children.length !== known.length) row.replaceChildren(...made());
  [...row.children].forEach((each, i) => { each.textContent = label(known[i]); });
  press(row.children, known.indexOf(chosen));
}

const CHOOSE = {
  size(lab, size) {
    Object.assign(lab.settings, { kernel: "", weights: resized(lab.settings.weights, size) });
    lab.steady(lab.find('[data-choice="size"]'), () => lab.drawAll());
    lab.send();
  },
  channel(lab, channel) {
    lab.settings.channel = channel;
    drawControls(lab);
    lab.drawPoint();
    lab.send();
  },
};

// ---- presets
export function drawPresets(lab) {
  const { words, settings, offered } = lab;
  const place = lab.find(".presets");
  if (!place.children.length) place.append(...offered.groups.map((group) => presetGroup(lab, group)));
  offered.groups.forEach((group, i) => {
    place.children[i].firstChild.textContent = words[`group_${group}`];
    place.children[i].setAttribute("aria-label", words[`group_${group}`]);
  });
  for (const chip of place.querySelectorAll(".chip")) {
    chip.textContent = words[`kernel_${chip.dataset.preset}`];
    chip.setAttribute("aria-pressed", String(chip.dataset.preset === settings.kernel));
  }
  requestAnimationFrame(() => showChosen(lab, place));
  lab.find(".preset-line").textContent = settings.kernel ? words[`line_${settings.kernel}`] : words.own_line;
}

function presetGroup(lab, group) {
  const box = node("div", "preset-group");
  box.setAttribute("role", "group");
  box.append(node("span", "soft"), ...lab.offered.presets.filter((preset) => preset.group === group).map((preset) => {
    const chip = button("chip", undefined, () => choosePreset(lab, preset, chip));
    chip.dataset.preset = preset.name;
    return chip;
  }));
  return box;
}

function choosePreset(lab, preset, chip) {
  const { name, weights, divisor } = preset;
  Object.assign(lab.settings, { kernel: name, weights: structuredClone(weights), divisor, drawn: "auto" });
  lab.steady(chip, () => lab.drawAll());
  lab.send();
}

// On a phone the presets are one row to scroll: the chosen one comes into view.
function showChosen(lab, place) {
  const chip = place.querySelector(".chip[aria-pressed=true]");
  if (!chip || lab.chipShown === lab.settings.kernel || place.scrollWidth <= place.clientWidth) return;
  lab.chipShown = lab.settings.kernel;
  place.scrollLeft += chip.getBoundingClientRect().left - place.getBoundingClientRect().left - 40;
}

// The visitor changed weights or divisor: it is no preset any more.
export function ownKernel(lab) {
  lab.settings.kernel = "";
  drawPresets(lab);
  drawKernel(lab);
  lab.send(50);
}
