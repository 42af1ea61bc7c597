// A network is a function: the photo goes in, numbers come out. Which change of the photo changes them, and by how much?

import { button, fill, node, press } from "../../../page/common.js";
import { digits, fine } from "../parts.js";

export const leads = "what";
export const needsPhoto = true;

export async function draw(stage) {
  const { words, state, picture, controls } = stage;
  const told = await stage.ask({ ask: "changed" });
  if (!told) return;
  const frame = Object.assign(node("img", "tour-photo pixels"), { alt: "" });
  picture.replaceChildren(frame);
  const [before] = told.changes;
  const rows = told.changes.map((change) => row(change, told, words, () => choose(change)));
  controls.replaceChildren(node("p", "soft", fill(words.bars, { name: told.name, network: stage.title })), ...rows);

  function choose(change) {
    state.change = change.change;
    press(rows, told.changes.indexOf(change));
    frame.src = change.picture;
    frame.alt = words[`is_${change.change}`];
    stage.say(said(change, before, told, words));
  }

  choose(told.changes.find(({ change }) => change === state.change) ?? before);
  const others = told.changes.slice(1).sort((one, other) => moved(other, before) - moved(one, before));
  const [most] = others;
  stage.answer(
    fill(words.answer_measured, {
      most: words[`is_${most.change}`], points: points(moved(most, before)), all: others.length,
      few: others.filter((change) => moved(change, before) < 0.01).length,
    }),
    words.answer_why);
}

// How far a change moved the share of the first answer.
const moved = (change, before) => Math.abs(change.share - before.share);
const points = (share) => (share < 1e-8 ? "< 0.000001" : digits(100 * share, 2));

function row(change, { name, colour }, words, act) {
  const made = button("tour-bar", undefined, act);
  made.dataset.key = `change-${change.change}`;
  const bar = node("i", `class-${colour}`);
  bar.style.width = `${100 * change.share}%`;
  const track = node("span", "tour-track");
  track.append(bar);
  made.append(node("span", "", words[`is_${change.change}`]), track, node("span", "", fine(change.share)));
  made.title = fill(words.share, { name, share: fine(change.share) });
  return made;
}

function said(change, before, { name }, words) {
  const values = { name, before: fine(before.share), after: fine(change.share), points: points(moved(change, before)) };
  if (change === before) return fill(words.said_none, values);
  const line = fill(words[`said_${change.change}`], values);
  return change.answer === before.answer ? line : `${line} ${fill(words.said_other, { answer: change.answer })}`;
}
