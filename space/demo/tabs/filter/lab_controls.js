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

// What stands under "More", and its usual settings: whatever is set otherwise is in sight.
const FOLDED = { border: "zero", colour: false, flipped: false, drawn: "auto" };

export function listenToControls(lab) {
  for (const select of lab.findAll("[data-setting]")) {
    select.addEventListener("change", () => {
      const name = select.dataset.setting;
      lab.settings[name] = READ[name]?.(select.value) ?? select.value;
      drawControls(lab);
      drawKernel(lab);
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
  if (Object.entries(FOLDED).some(([name, usual]) => settings[name] !== usual)) lab.find(".more-fold").open = true;
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

// ---- presets: the first few, and all of them in their groups
export function drawPresets(lab) {
  const { words, settings, offered } = lab;
  const [few, groups] = lab.findAll(".presets");
  if (!few.children.length) makePresets(lab, few, groups);
  offered.groups.forEach((group, i) => {
    groups.children[i].firstChild.textContent = words[`group_${group}`];
    groups.children[i].setAttribute("aria-label", words[`group_${group}`]);
  });
  for (const chip of lab.findAll(".chip")) {
    chip.textContent = words[`kernel_${chip.dataset.preset}`];
    chip.setAttribute("aria-pressed", String(chip.dataset.preset === settings.kernel));
  }
  lab.allPresets.textContent = fill(words.all_presets, { count: offered.presets.length });
  // one that is not among the first is shown where it stands
  if (settings.kernel && !offered.first_presets.includes(settings.kernel)) groups.hidden = false;
  lab.allPresets.setAttribute("aria-expanded", String(!groups.hidden));
  lab.find(".preset-line").textContent = settings.kernel ? words[`line_${settings.kernel}`] : words.own_line;
}

function makePresets(lab, few, groups) {
  const { presets, first_presets: first, groups: names } = lab.offered;
  lab.allPresets = button("chip-all", undefined, () => {
    groups.hidden = !groups.hidden;
    drawPresets(lab);
  });
  few.append(...first.map((name) => presetChip(lab, presets.find((preset) => preset.name === name))), lab.allPresets);
  groups.append(...names.map((group) => presetGroup(lab, group)));
}

function presetGroup(lab, group) {
  const box = node("div", "preset-group");
  box.setAttribute("role", "group");
  const chips = lab.offered.presets.filter((preset) => preset.group === group).map((preset) => presetChip(lab, preset));
  box.append(node("span", "soft"), ...chips);
  return box;
}

function presetChip(lab, preset) {
  const chip = button("chip", undefined, () => choosePreset(lab, preset, chip));
  chip.dataset.preset = preset.name;
  return chip;
}

function choosePreset(lab, preset, chip) {
  const { name, weights, divisor } = preset;
  Object.assign(lab.settings, { kernel: name, weights: structuredClone(weights), divisor, drawn: "auto" });
  lab.steady(chip, () => lab.drawAll());
  lab.send();
}

// The visitor changed weights or divisor: it is no preset any more.
export function ownKernel(lab) {
  const { kernel } = lab.settings;
  lab.settings.kernel = "";
  if (kernel) drawPresets(lab);
  drawKernel(lab);
  lab.send(50);
}
