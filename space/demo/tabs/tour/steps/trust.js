// Reading the answer: what a probability promises, what "neither" means, and how the network is fooled.

import { fill, node } from "../../../page/common.js";
import { count, digits, percent, segments, slider, svg } from "../parts.js";

export const leads = "what";
export const needsPhoto = true;
const TRICKS = ["crop", "texture", "noise", "outline", "horse"];

export async function draw(stage) {
  const { words, state, controls } = stage;
  Object.assign(state, { view: state.view ?? "promise", trick: state.trick ?? "texture", strength: state.strength ?? 0.5 });
  const place = node("div", "tour-controls");
  controls.replaceChildren(segments(words.view, ["promise", "neither", "fooled"].map((view) => [view, words[view]]), state.view, (view) => {
    state.view = view;
    show();
  }), place);
  let told = null;

  async function show() {
    place.replaceChildren();
    stage.answer(words.answer_use, words.answer_check);
    if (state.view === "fooled") return fool(stage, place);
    told ??= await stage.ask({ ask: "reliability" });
    if (told && state.view !== "fooled") (state.view === "promise" ? promise : neither)(stage, place, told);
  }

  await show();
}

// Of a hundred photos with such an answer, so many were right.
function promise(stage, place, told) {
  const { words, state, picture } = stage;
  const { bins } = told;
  if (!bins.length) {
    picture.replaceChildren();
    return stage.say(words.never);
  }
  const own = bins.findIndex(({ lower, upper }) => lower < told.probability && told.probability <= upper);
  const first = own >= 0 ? own : bins.length - 1;
  const at = () => Math.min(state.bin ?? first, bins.length - 1);
  const dots = node("div", "tour-hundred");
  dots.setAttribute("role", "img");
  picture.replaceChildren(dots);
  if (bins.length > 1) place.append(slider(words.bin, { low: 1, high: bins.length, value: at() + 1 }, (value) => { state.bin = value - 1; drawBin(); }));

  function drawBin() {
    const { lower, upper, count: photos, correct } = bins[at()];
    const right = correct < photos ? Math.min(99, Math.round((100 * correct) / photos)) : 100; // never all where one was wrong
    dots.replaceChildren(...Array.from({ length: 100 }, (_, i) => node("i", i < right ? "is-right" : "is-wrong")));
    const values = { lower: percent(lower), upper: percent(upper), photos: count(photos), correct: count(correct), right, share: percent(correct / photos), network: stage.title };
    dots.setAttribute("aria-label", fill(words.dots, values));
    stage.say(`${fill(words.said_promise, values)} ${at() === own ? fill(words.said_own, { name: told.name, share: percent(told.probability) }) : ""}`.trim());
  }

  drawBin();
}

// How strange the photo and the examples look to the network, beside the threshold.
function neither(stage, place, told) {
  const { words, picture } = stage;
  const { threshold, strangeness, falseAlarm } = told;
  if (threshold === null || strangeness === null) {
    picture.replaceChildren();
    return stage.say(words.no_threshold);
  }
  const all = [...told.examples.map((example) => ({ ...example })), { name: words.yours, strangeness, isOwn: true }].sort((one, other) => one.strangeness - other.strangeness);
  const [low, high] = [Math.min(threshold, all[0].strangeness), Math.max(threshold, all.at(-1).strangeness)];
  const at = (value) => 8 + (360 * (value - low)) / (high - low || 1);
  const line = 22;
  const chart = svg("svg", { viewBox: `0 0 400 ${all.length * line + 10}`, role: "img", "aria-label": fill(words.chart, { threshold: digits(threshold) }), class: "tour-chart" },
    svg("line", { x1: at(threshold), x2: at(threshold), y1: 0, y2: all.length * line + 4, class: "is-threshold" }),
    ...all.flatMap(({ name, strangeness: value, isOwn }, i) => {
      const x = at(value);
      const isLate = x > 220;
      return [
        svg("circle", { cx: x, cy: i * line + 12, r: isOwn ? 7 : 4, class: value > threshold ? "is-strange" : "is-known" }),
        svg("text", { x: x + (isLate ? -11 : 11), y: i * line + 12, "text-anchor": isLate ? "end" : "start", "dominant-baseline": "central", class: isOwn ? "is-own" : "" }, name)];
    }));
  picture.replaceChildren(chart);
  stage.say(fill(words[strangeness > threshold ? "said_strange" : "said_known"], {
    strangeness: digits(strangeness), threshold: digits(threshold), name: told.name, share: percent(falseAlarm ?? 0), network: stage.title,
    strange: all.filter((each) => each.strangeness > threshold && !each.isOwn).length, examples: told.examples.length,
  }));
}

function fool(stage, place) {
  const { words, state, picture } = stage;
  const image = Object.assign(node("img", "tour-photo pixels"), { alt: "" });
  const strength = slider(words.strength, { low: 0, high: 100, step: 5, value: Math.round(100 * state.strength), unit: "%" }, (value) => {
    state.strength = value / 100;
    ask();
  });
  place.append(segments(words.trick, TRICKS.map((trick) => [trick, words[`trick_${trick}`]]), state.trick, (trick) => {
    state.trick = trick;
    ask();
  }), strength);
  picture.replaceChildren(image);
  let number = 0;

  async function ask() {
    number += 1;
    const mine = number;
    strength.hidden = state.trick === "horse";
    const told = await stage.ask({ ask: "fooled", trick: state.trick, strength: state.strength });
    if (!told || mine !== number || state.view !== "fooled") return;
    image.src = told.picture;
    image.alt = words[`trick_${state.trick}`];
    const said = fill(words.said_fooled, { network: stage.title, name: told.answer, share: percent(told.probability) });
    stage.say(`${said} ${words[told.isUnfamiliar ? "noticed" : "unnoticed"]}`);
  }

  ask();
}
