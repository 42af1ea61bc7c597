// On the shoulders of giants: a head on a frozen backbone against a network from scratch, each with so many pictures, as it was
// measured. One guesses first. Beneath it how that was measured, and what the built-in networks began with.

import { button, fill, node } from "../../../page/common.js";
import { keyOf } from "../learning_view.js";
import { count, digits, fold, percent, slider, svg } from "../parts.js";

export const leads = "what";
const KINDS = ["head", "scratch"];
const [WIDE, HIGH, LEFT, BOTTOM, TOP] = [400, 210, 50, 24, 8];

export async function draw(stage) {
  const { words, state, language, picture, controls } = stage;
  Object.assign(state, { at: state.at ?? 0, guesses: state.guesses ?? {}, seen: state.seen ?? {}, told: state.told ?? {} });
  state.told[language] ??= await stage.ask({ ask: "transfer" });
  const told = state.told[language];
  if (!told || !stage.isOpen) return;
  const { measured } = told;
  const { curve } = measured;
  const low = Math.floor(10 * Math.min(...curve.flatMap((each) => KINDS.map((kind) => each[kind].least)))) / 10;
  const place = node("div", "tour-guesses");
  const chosen = () => curve[state.at];
  const guessed = () => state.guesses[chosen().pictures] ??= { head: (1 + low) / 2, scratch: (1 + low) / 2 };

  const look = button("action", words.look, () => {
    state.seen[chosen().pictures] = true;
    turn();
  });
  look.dataset.key = "look";
  controls.replaceChildren(
    stops(words.pictures, curve.map((each) => count(each.pictures)), state.at, (at) => { state.at = at; turn(); }), place, look,
    node("p", "soft", words.honest), measuredHow(measured, words), networksOf(told.networks, words));

  function turn() {
    const isSeen = Boolean(state.seen[chosen().pictures]);
    place.replaceChildren(...KINDS.map((kind) => {
      const value = Math.round(100 * guessed()[kind]);
      const row = slider(words[`guess_${kind}`], { low: Math.round(100 * low), high: 100, value, unit: "%" }, (share) => {
        guessed()[kind] = share / 100;
        show();
      });
      for (const input of row.querySelectorAll("input")) input.disabled = isSeen;
      return row;
    }));
    look.disabled = isSeen;
    show();
  }

  function show() {
    const one = chosen();
    const isSeen = Boolean(state.seen[one.pictures]);
    const pictures = count(one.pictures);
    picture.replaceChildren(
      keyOf([["tour-right", words.head], ["tour-loss", words.scratch]]),
      chart(curve, state, low, fill(words[isSeen ? "chart" : "chart_guess"], { pictures })));
    const values = { ...valuesOf(measured, one), pictures, ...offBy(guessed(), one) };
    const more = curve.find((each) => each.scratch.mean >= one.head.mean);
    const last = curve.at(-1);
    const farther = more ? fill(words.needs, { more: count(more.pictures) }) : fill(words.needs_more, { most: count(last.pictures), best: exact(last.scratch.mean) });
    stage.say(isSeen ? [fill(words.said, values), farther, fill(words.guessed, values)].join(language.startsWith("zh") ? "" : " ") : fill(words.said_guess, values));
    stage.answer(fill(words.answer_head, values), words.answer_why, words.honest);
  }

  turn();
}

const exact = (share) => `${digits(100 * share, 4)}\u00a0%`; // no line ends before the sign
const points = (one, other) => digits(100 * Math.abs(one - other), 4);

function valuesOf({ seeds, validation, labels }, one) {
  return {
    seeds: count(seeds.length), validation: count(validation), labels: labels.length, points: points(one.head.mean, one.scratch.mean),
    ...Object.fromEntries(KINDS.flatMap((kind) => [
      [kind, exact(one[kind].mean)], [`${kind}_least`, exact(one[kind].least)], [`${kind}_most`, exact(one[kind].most)]])),
  };
}

// The guesses, and by how many points each was off.
const offBy = (guess, one) => Object.fromEntries(KINDS.flatMap((kind) => [
  [`guess_${kind}`, exact(guess[kind])], [`off_${kind}`, points(guess[kind], one[kind].mean)]]));

// A slider over a few things, which are named rather than counted.
function stops(name, written, at, act) {
  const row = node("label", "tour-slider");
  const range = Object.assign(node("input"), { type: "range", min: 0, max: written.length - 1, step: 1, value: at });
  const output = node("output", "", written[at]);
  const told = () => {
    output.textContent = written[range.value];
    range.setAttribute("aria-label", name);
    range.setAttribute("aria-valuetext", written[range.value]);
  };
  range.addEventListener("input", () => {
    told();
    act(Number(range.value));
  });
  told();
  row.append(node("span", "", name), range, output, node("span", "soft", `${written[0]}–${written.at(-1)}`));
  return row;
}

// What has been looked at, each with its range over the seeds, and the guesses for what is chosen.
function chart(curve, { at, guesses, seen }, low, label) {
  const [first, last] = [curve[0], curve.at(-1)].map(({ pictures }) => Math.log(pictures));
  const x = ({ pictures }) => LEFT + 24 + ((WIDE - LEFT - 48) * (Math.log(pictures) - first)) / (last - first || 1);
  const y = (share) => TOP + ((HIGH - TOP - BOTTOM) * (1 - share)) / (1 - low);
  const box = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label, class: "tour-chart" });
  for (let level = Math.round(10 * low); level <= 10; level += 2) {
    box.append(
      svg("line", { x1: LEFT, x2: WIDE, y1: y(level / 10), y2: y(level / 10), class: "tour-axes is-grid" }),
      svg("text", { x: LEFT - 6, y: y(level / 10), "text-anchor": "end", "dominant-baseline": "central" }, percent(level / 10)));
  }
  box.append(svg("rect", { x: x(curve[at]) - 18, y: TOP, width: 36, height: HIGH - TOP - BOTTOM, class: "is-here" }));
  curve.forEach((each, i) => box.append(svg("text", { x: x(each), y: HIGH - 6, "text-anchor": "middle", class: i === at ? "is-own" : "" }, count(each.pictures))));
  const shown = curve.filter(({ pictures }) => seen[pictures]);
  for (const [kind, look] of [["head", "tour-right"], ["scratch", "tour-loss"]]) {
    box.append(svg("polyline", { points: shown.map((each) => `${x(each)},${y(each[kind].mean)}`).join(" "), class: look }));
    for (const each of shown) {
      box.append(
        svg("line", { x1: x(each), x2: x(each), y1: y(each[kind].least), y2: y(each[kind].most), class: `${look} is-range` }),
        svg("circle", { cx: x(each), cy: y(each[kind].mean), r: 4, class: `${look} is-point` }));
    }
    const guess = guesses[curve[at].pictures]?.[kind];
    if (guess === undefined) continue;
    const shift = kind === "head" ? -8 : 8; // beside each other where both are the same
    box.append(svg("path", { d: `M${x(curve[at]) + shift} ${y(guess) - 6}l6 6l-6 6l-6 -6z`, class: `${look} is-guess` }));
  }
  return box;
}

// ---- beneath it
function measuredHow({ command, head, scratch, validation, seeds, labels }, words) {
  const told = fill(words.how, {
    backbone: head.backbone, architecture: head.architecture, layers: scratch.channels.length, parameters: count(scratch.parameters), side: scratch.side,
    epochs: scratch.epochs, validation: count(validation), seeds: count(seeds.length), labels: labels.join(", "),
  });
  return fold(words.how_title, node("p", "soft", told), node("pre", "", command));
}

function networksOf(networks, words) {
  const list = node("ul", "tour-networks");
  for (const each of networks) {
    const item = node("li");
    const { accuracy, validation, pictures, breeds } = each;
    const facts = [
      pictures ? fill(words.tuned, { pictures: count(pictures), labels: count(each.labels) }) : fill(words.untuned, { labels: count(each.labels) }),
      accuracy ? fill(words.right, { accuracy: exact(accuracy), validation: count(validation) }) : null,
      breeds ? fill(words.breeds, { accuracy: exact(breeds.accuracy), pictures: count(breeds.pictures), breeds: count(breeds.breeds) }) : null,
    ].filter(Boolean);
    const origin = node("span", "soft", each.origin ?? "");
    origin.lang = "en"; // as its card says
    item.append(node("b", "", each.title), ` (${each.architecture}) `, facts.join(" "), " ", origin);
    list.append(item);
  }
  return fold(words.networks, list);
}
