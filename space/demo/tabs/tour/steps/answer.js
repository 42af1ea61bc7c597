// From maps to an answer: averages, a dense layer, softmax with a temperature; the loss of a right and of a wrong answer; and
// dropout.

import { button, fill, node } from "../../../page/common.js";
import { count, digits, few, percent, segments, slider, svg } from "../parts.js";

export const leads = "what";
export const needsPhoto = true;
const MOST = 5; // labels shown
const UNITS = 160; // bars, each the mean of so many units as there are for one

export async function draw(stage) {
  const { words, state, picture, controls } = stage;
  Object.assign(state, { share: state.share ?? 0, seed: state.seed ?? 1, temperature: state.temperature ?? null, right: state.right ?? null });
  const strip = node("div", "tour-units");
  const bars = node("div", "tour-bars");
  picture.replaceChildren(strip, bars);
  let told = null;
  let number = 0;

  async function ask() {
    number += 1;
    const mine = number;
    const got = await stage.ask({ ask: "head", share: state.share, seed: state.seed });
    if (!got || mine !== number) return;
    const isFirst = told === null;
    told = got;
    if (isFirst) build();
    show();
  }

  function build() {
    const own = told.temperature;
    state.temperature ??= Number(own.toPrecision(2));
    const order = ranked(told.logits).slice(0, MOST);
    if (!order.includes(state.right)) [state.right] = order;
    const more = button("action", words.others, () => {
      state.seed += 1;
      ask();
    });
    more.dataset.key = "others";
    controls.replaceChildren(
      slider(words.temperature, { low: 0.1, high: 10, step: 0.1, value: state.temperature }, (value) => { state.temperature = value; show(); }),
      node("p", "soft", fill(words.own, { temperature: digits(own, 2), network: stage.title })),
      slider(words.dropout, { low: 0, high: 95, step: 5, value: Math.round(100 * state.share), unit: "%" }, (value) => { state.share = value / 100; ask(); }),
      more,
      node("p", "soft", words.suppose), segments(words.suppose, order.map((place) => [place, told.labels[place]]), state.right, (place) => { state.right = place; show(); }));
  }

  function show() {
    const shares = softmax(told.logits, state.temperature);
    const order = ranked(told.logits).slice(0, MOST);
    strip.replaceChildren(unitsOf(told, words), node("p", "soft", fill(words.units, { units: count(told.features.length), off: count(told.left.filter((is) => !is).length) })));
    bars.replaceChildren(...order.map((place) => {
      const row = node("div", "tour-bar is-plain");
      const track = node("span", "tour-track");
      const filled = node("i", `class-${told.colours[place]}`);
      filled.style.width = `${100 * shares[place]}%`;
      track.append(filled);
      row.append(node("span", "", `${told.labels[place]}: ${digits(told.logits[place], 3)}`), track, node("span", "", percent(Math.min(shares[place], 1 - 1e-9))));
      return row;
    }));
    const [first] = order;
    const loss = -Math.log(shares[state.right]);
    const values = {
      units: count(told.features.length), name: told.labels[first], logit: digits(told.logits[first], 3), temperature: digits(state.temperature, 2),
      share: percent(Math.min(shares[first], 1 - 1e-9)), right: told.labels[state.right], loss: few(loss), classes: count(told.labels.length),
    };
    stage.say(fill(words.said, values));
    const certain = -Math.log(shares[first]);
    const last = order.at(-1);
    stage.answer(
      fill(words.answer_steps, values),
      fill(words.answer_loss, { ...values, certain: few(certain), other: told.labels[last], wrong: few(-Math.log(shares[last])) }),
      words.answer_dropout);
  }

  await ask();
}

// Logits -> probabilities, at a temperature.
export function softmax(logits, temperature) {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

// The places of logits, the largest first.
const ranked = (logits) => logits.map((_, place) => place).sort((one, other) => logits[other] - logits[one]);

// The averages as bars, those that are switched off hollow.
function unitsOf({ features, left }, words) {
  const per = Math.ceil(features.length / UNITS);
  const groups = Array.from({ length: Math.ceil(features.length / per) }, (_, i) => i * per);
  const heights = groups.map((from) => features.slice(from, from + per).reduce((sum, value, i) => sum + (left[from + i] ? Math.abs(value) : 0), 0) / per);
  const most = Math.max(...heights) || 1;
  const bars = heights.map((height, i) => svg("rect", { x: i * 2.5, y: 50 - (50 * height) / most, width: 2, height: (50 * height) / most, fill: "var(--accent)" }));
  return svg("svg", { viewBox: `0 0 ${groups.length * 2.5} 50`, role: "img", "aria-label": words.bars, preserveAspectRatio: "none" }, ...bars);
}
