// A filter looks for something: which of six maps did this filter make? People's filters, or the network's own; and one pattern in
// two places.

import { button, fill, node } from "../../../page/common.js";
import { respond } from "../../filter/response.js";
import { canvasOf, digits, greyPhoto, kernelPicture, randomFrom, segments, settingsOf, shrunk, shuffle } from "../parts.js";

export const leads = "filter";
export const needsPhoto = true;
const SHOWN = 170; // pixels, the longer side of the photo here
const KERNELS = {
  across: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  down: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  rising: [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
  falling: [[2, 1, 0], [1, 0, -1], [0, -1, -2]],
  spots: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
  lines: [[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]],
};
const CROSS = [[-1, 2, -1], [2, 4, 2], [-1, 2, -1]];
const CROSSES = [[5, 6], [12, 17]]; // row and column of their middles in a picture of 18 x 24

export async function draw(stage) {
  const { words, state, controls } = stage;
  Object.assign(state, { by: state.by ?? "people", turn: state.turn ?? 0, right: state.right ?? 0, tries: state.tries ?? 0 });
  const choice = segments(words.by, ["people", "network", "twice"].map((name) => [name, words[name]]), state.by, (by) => {
    state.by = by;
    show();
  });
  const more = button("action", words.another, () => {
    state.turn += 1;
    show();
  });
  more.dataset.key = "another";
  controls.replaceChildren(choice, more);

  async function show() {
    more.hidden = state.by === "twice";
    if (state.by === "twice") return twice(stage);
    const filters = state.by === "people" ? ofPeople(stage) : await ofNetwork(stage);
    if (filters && state.by !== "twice") ask(stage, filters);
  }

  await show();
}

// -> six filters: { name, picture(), map() }
function ofPeople({ photo, words, tour }) {
  const small = shrunk(photo, SHOWN);
  return Object.entries(KERNELS).map(([name, weights]) => ({
    name: words[`kernel_${name}`],
    picture: () => kernelPicture(weights),
    map: () => canvasOf(respond(small, settingsOf(weights, { drawn: "signed" }), tour.colours).picture),
  }));
}

async function ofNetwork(stage) {
  const told = stage.state.own ?? await stage.ask({ ask: "first_filters" });
  if (!told) return null;
  return told.filters.map(({ channel, filter, map }) => ({
    name: fill(stage.words.channel, { channel }),
    picture: () => Object.assign(node("img", "pixels tour-kernel"), { src: filter, alt: "", width: 60, height: 60 }),
    map: () => Object.assign(node("img"), { src: map, alt: "" }),
  }));
}

function ask(stage, filters) {
  const { words, state, picture } = stage;
  const random = randomFrom(1000 + state.turn);
  const order = shuffle(filters, random);
  const asked = order[Math.floor(random() * order.length)];
  const head = node("div", "tour-asked-filter");
  head.append(asked.picture(), node("p", "", words.which));
  const maps = node("div", "tour-maps");
  let isOpen = true;
  maps.append(...order.map((each, place) => {
    const made = button("tour-map", undefined, () => guess(each, made));
    made.setAttribute("aria-label", fill(words.map, { number: place + 1 }));
    made.append(each.map());
    return made;
  }));
  picture.replaceChildren(head, maps);
  stage.say(state.tries ? fill(words.score, state) : words.guess);
  stage.answer(fill(words.answer_filters, { name: asked.name }), words.answer_twice);

  function guess(each, made) {
    if (isOpen) state.tries += 1;
    const isRight = each === asked;
    if (isOpen && isRight) state.right += 1;
    isOpen = false;
    made.classList.add(isRight ? "is-right" : "is-wrong");
    [...maps.children].forEach((child, place) => {
      if (child.querySelector("span")) return;
      child.append(node("span", "", order[place].name));
      child.classList.toggle("is-asked", order[place] === asked);
    });
    stage.say(`${fill(words[isRight ? "right" : "wrong"], { name: asked.name, other: each.name })} ${fill(words.score, state)}`);
  }
}

// One cross in two places: two places answer most, and equally.
function twice(stage) {
  const { words, picture, tour } = stage;
  const drawn = crosses();
  const map = respond(drawn, settingsOf(CROSS, { drawn: "signed" }), tour.colours);
  const values = answers(drawn);
  const largest = Math.max(...values);
  const places = values.filter((value) => value === largest).length;
  const pair = node("div", "tour-pair");
  for (const [image, alt] of [[canvasOf({ ...drawn, pixels: Uint32Array.from(drawn.grey, (level) => 0xff000000 + level * 0x010101) }), words.crosses], [canvasOf(map.picture), words.crosses_map]]) {
    image.setAttribute("role", "img");
    image.setAttribute("aria-label", alt);
    const box = node("figure");
    box.append(image, node("figcaption", "soft", alt));
    pair.append(box);
  }
  const head = node("div", "tour-asked-filter");
  head.append(kernelPicture(CROSS), node("p", "", words.cross));
  picture.replaceChildren(head, pair);
  stage.say(fill(words.said_twice, { places, largest: digits(largest, 6) }));
  stage.answer(fill(words.answer_filters, { name: words.cross }), words.answer_twice);
}

export function crosses() {
  const [width, height] = [24, 18];
  const values = new Uint8Array(width * height).fill(30);
  for (const [row, column] of CROSSES) {
    for (const [down, right] of [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]]) values[(row + down) * width + column + right] = 220;
  }
  return greyPhoto(width, height, values);
}

function answers({ width, height, grey }) {
  const values = [];
  for (let row = 0; row + 3 <= height; row += 1) {
    for (let column = 0; column + 3 <= width; column += 1) {
      values.push(CROSS.flat().reduce((sum, weight, i) => sum + weight * grey[(row + Math.floor(i / 3)) * width + column + (i % 3)], 0));
    }
  }
  return values;
}
