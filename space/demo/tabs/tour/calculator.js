// A network of one's own, layer by layer: what goes out of each, its parameters, multiply-adds and memory, and what all take together.

import { button, fill, node } from "../../page/common.js";
import { count, digits } from "./parts.js";

const MOST = 10; // layers
const FLOAT = 4; // bytes
// What each kind of layer is asked: [least, largest, what it begins with].
const ASKED = {
  conv: { maps: [1, 2048, 64], side: [1, 31, 3], stride: [1, 8, 1] },
  pool: { side: [2, 16, 2] },
  dense: { units: [1, 100000, 128] },
};
const INPUT = { width: [1, 1024, 300], height: [1, 1024, 200], channels: [1, 512, 3], batch: [1, 1024, 50] };
const PADDINGS = ["same", "valid"];

// The exercise of the book: three layers that halve the picture.
const exercise = () => ({
  ...begun(INPUT), layers: [100, 200, 400].map((maps) => ({ kind: "conv", ...begun(ASKED.conv), maps, stride: 2, padding: "same" })),
});
const begun = (asked) => Object.fromEntries(Object.entries(asked).map(([name, [, , value]]) => [name, value]));

// words: the step's. state: {width, height, channels, batch, layers}, kept by the step.
export function calculator(words, state) {
  if (!state.layers) Object.assign(state, exercise());
  const box = node("div", "tour-calculator");
  const total = node("p");
  total.setAttribute("role", "status");
  const rows = node("ol");

  const number = (of, name, [low, high], what) => {
    const label = node("label");
    const field = Object.assign(node("input"), { type: "number", min: low, max: high, step: 1, value: of[name] });
    field.setAttribute("aria-label", `${what}${words[`calc_${name}`]} (${low}–${high})`);
    field.addEventListener("input", () => {
      const value = Number(field.value);
      const isGood = field.value !== "" && Number.isInteger(value) && value >= low && value <= high;
      field.setAttribute("aria-invalid", String(!isGood));
      if (!isGood) return;
      of[name] = value;
      tell();
    });
    field.addEventListener("change", () => { // what cannot be taken goes back to what holds
      field.value = of[name];
      field.setAttribute("aria-invalid", "false");
    });
    label.append(node("span", "soft", words[`calc_${name}`]), field);
    return label;
  };
  const choice = (name, names, chosen, act) => {
    const select = node("select");
    select.setAttribute("aria-label", name);
    select.append(...names.map((each) => Object.assign(node("option", "", words[`calc_${each}`]), { value: each, selected: each === chosen })));
    select.addEventListener("change", () => act(select.value));
    return select;
  };

  // All rows anew, since a layer came, went or became another one.
  function draw() {
    rows.replaceChildren(...state.layers.map((layer, index) => {
      const row = node("li");
      const what = `${fill(words.calc_layer, { number: index + 1 })}: `;
      const kind = choice(what + words.calc_kind, Object.keys(ASKED), layer.kind, (value) => {
        state.layers[index] = { kind: value, ...begun(ASKED[value]), ...(value === "conv" ? { padding: "same" } : {}) };
        draw();
        rows.children[index].querySelector("select").focus();
      });
      const fields = Object.entries(ASKED[layer.kind]).map(([name, range]) => number(layer, name, range, what));
      const padding = layer.kind === "conv" ? [choice(what + words.calc_padding, PADDINGS, layer.padding, (value) => { layer.padding = value; tell(); })] : [];
      const away = button("action", "×", () => {
        state.layers.splice(index, 1);
        draw();
        more.focus();
      });
      away.setAttribute("aria-label", fill(words.calc_remove, { number: index + 1 }));
      away.disabled = state.layers.length === 1;
      row.append(kind, ...fields, ...padding, away, node("span", "soft"));
      return row;
    }));
    more.disabled = state.layers.length >= MOST;
    tell();
  }

  function tell() {
    const found = takes(state);
    found.layers.forEach((each, index) => {
      rows.children[index].lastChild.textContent = each.shape
        ? fill(words.calc_row, { shape: each.shape.map((side) => count(side)).join(" × "), parameters: count(each.parameters), macs: count(each.macs), memory: bytes(each.bytes) })
        : fill(words.calc_impossible, { side: state.layers[index].side, width: each.given[0], height: each.given[1] });
    });
    for (const row of [...rows.children].slice(found.layers.length)) row.lastChild.textContent = "";
    total.textContent = found.isWhole ? fill(words.calc_total, {
      parameters: count(found.parameters), weights: bytes(FLOAT * found.parameters), macs: count(found.macs), inference: bytes(found.inference),
      batch: count(state.batch), training: bytes(found.training),
    }) : words.calc_stopped;
  }

  const more = button("action", words.calc_more, () => {
    const isDense = state.layers.at(-1).kind === "dense";
    state.layers.push(isDense ? { kind: "dense", ...begun(ASKED.dense) } : { kind: "conv", ...begun(ASKED.conv), padding: "same" });
    draw();
    rows.lastChild.querySelector("select").focus();
  });
  const given = node("div", "tour-calculator-input");
  given.append(...Object.entries(INPUT).map(([name, range]) => number(state, name, range, "")));
  box.append(given, rows, more, total, node("p", "soft", words.calc_told));
  draw();
  return box;
}

// What each layer makes and takes, as far as the way through them is possible. inference: bytes, of the weights and of the two layers
// in a row whose outputs are largest, as a program needs that keeps no others; training: of the weights, the pictures and all outputs.
export function takes({ width, height, channels, batch, layers }) {
  let shape = [width, height, channels];
  const found = [];
  for (const layer of layers) {
    const made = through(layer, shape);
    found.push(made);
    if (!made.shape) break;
    shape = made.shape;
  }
  const sum = (name) => found.reduce((all, each) => all + (each[name] ?? 0), 0);
  const parameters = sum("parameters");
  const outputs = found.map((each) => each.bytes ?? 0);
  const pairs = outputs.map((each, index) => each + (outputs[index + 1] ?? 0));
  return {
    layers: found, isWhole: Boolean(found.at(-1)?.shape) && found.length === layers.length, parameters, macs: sum("macs"),
    inference: FLOAT * parameters + Math.max(...pairs), training: FLOAT * parameters + batch * (FLOAT * width * height * channels + sum("bytes")),
  };
}

function through(layer, [width, height, channels]) {
  const size = (shape) => ({ shape, bytes: FLOAT * shape.reduce((all, side) => all * side, 1) });
  if (layer.kind === "dense") {
    const inputs = width * height * channels;
    return { ...size([1, 1, layer.units]), parameters: (inputs + 1) * layer.units, macs: inputs * layer.units };
  }
  const isPool = layer.kind === "pool";
  const stride = isPool ? layer.side : layer.stride;
  const sides = [width, height].map((side) => (layer.padding === "same" ? Math.ceil(side / stride) : Math.floor((side - layer.side) / stride) + 1));
  if (Math.min(...sides) < 1) return { given: [width, height] };
  const maps = isPool ? channels : layer.maps;
  const window = layer.side ** 2 * channels;
  const made = size([...sides, maps]);
  return isPool ? { ...made, parameters: 0, macs: 0 } : { ...made, parameters: (window + 1) * maps, macs: window * maps * sides[0] * sides[1] };
}

// Decimal, as articles count them.
const bytes = (value) => (value >= 1e9 ? `${digits(value / 1e9, 4)} GB` : value >= 1e5 ? `${Math.round(value / 1e5) / 10} MB` : `${Math.round(value / 100) / 10} kB`);
