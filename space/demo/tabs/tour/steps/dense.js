// Why not one weight a pixel: the connections of a dense layer against the weights that a filter shares, for sizes of one's own;
// and the photo as such a layer gets it, in a row, or shuffled.

import { fill, node } from "../../../page/common.js";
import { calculator } from "../calculator.js";
import { canvasOf, coloursOf, count, fold, greyPhoto, randomFrom, scaled, segments, shuffle, slider } from "../parts.js";

export const needsPhoto = true;
const START = { width: 100, height: 100, channels: 1, neurons: 1000, side: 5, maps: 200, view: "whole" };
const VIEWS = ["whole", "flat", "shuffled"];
const SHOWN = 128; // pixels, the longer side of the photo that is taken apart

export function draw(stage) {
  const { words, state, photo, picture, controls } = stage;
  if (!state.width) Object.assign(state, START);
  const place = node("div", "tour-taken-apart");
  const bars = node("div", "tour-counts");
  picture.replaceChildren(place, bars);

  const number = (name, low, high) => slider(words[name], { low, high, value: state[name] }, (value) => {
    state[name] = value;
    show();
  });
  const folds = node("div", "tour-folds");
  folds.append(fold(words.calc_title, calculator(words, state.network ??= {})), numbersOf(stage));
  controls.replaceChildren(
    segments(words.view, VIEWS.map((view) => [view, words[`view_${view}`]]), state.view, (view) => {
      state.view = view;
      show();
    }),
    number("width", 1, 1000), number("height", 1, 1000), number("channels", 1, 512), number("neurons", 1, 5000),
    number("side", 1, 11), number("maps", 1, 1000),
    folds);

  function show() {
    const canvas = canvasOf(takenApart(photo, state));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words[`view_${state.view}`]);
    place.replaceChildren(canvas);
    place.dataset.view = state.view;
    const found = counted(state);
    const most = Math.max(found.connections, found.shared);
    bars.replaceChildren(
      bar(words.dense, found.connections, most, "class-0"), bar(words.shared, found.shared, most, "class-1"));
    const times = found.connections / found.shared;
    stage.say(fill(words[times >= 1 ? "said" : "said_fewer"], {
      connections: count(found.connections), shared: count(found.shared), ...state,
      times: count(times >= 1 ? times : 1 / times),
    }));
    stage.answer(
      fill(words.answer_counts, {
        ...state, inputs: count(found.inputs), connections: count(found.connections), weights: count(found.weights),
        shared: count(found.shared),
      }),
      words.answer_why);
  }

  show();
}

// connections: of a dense layer, a weight for each input of each neuron. shared: the weights of all filters, and a bias each.
export function counted({ width, height, channels, neurons, side, maps }) {
  const inputs = width * height * channels;
  const weights = side * side * channels;
  return { inputs, connections: inputs * neurons, weights, shared: (weights + 1) * maps };
}

// What articles print, beside what comes out; asked for when it is opened.
function numbersOf(stage) {
  const { words } = stage;
  const place = node("p", "soft");
  const box = fold(words.numbers_title, place);
  box.addEventListener("toggle", async () => {
    if (!box.open || box.querySelector("table")) return;
    const told = await stage.ask({ ask: "numbers" }, (text) => { place.textContent = text; });
    if (!told) return;
    place.textContent = words.numbers_told;
    const table = node("table", "tour-articles");
    const head = node("tr");
    head.append(...["numbers_what", "numbers_printed", "numbers_found"].map((name) => Object.assign(node("th", "", words[name]), { scope: "col" })));
    table.append(head, ...told.rows.map(({ what, printed, found, isRight }) => {
      const row = node("tr", isRight ? "" : "is-wrong");
      row.append(node("td", "", what), node("td", "", printed), node("td", "", found));
      return row;
    }));
    const frame = node("div", "tour-articles-frame");
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", words.numbers_title);
    frame.append(table);
    box.append(frame);
  });
  return box;
}

function bar(name, value, most, colour) {
  const row = node("div", "tour-bar is-plain");
  const track = node("span", "tour-track");
  const filled = node("i", colour);
  filled.style.width = `${Math.max(0.3, (100 * value) / most)}%`;
  track.append(filled);
  row.append(node("span", "", name), track, node("span", "", count(value)));
  return row;
}

// ---- the photo taken apart
// With so many pixels and channels as are asked for, or as can be shown; no more than it has.
function takenApart(photo, { width, height, channels, view }) {
  const by = Math.max(1, Math.max(width, height) / SHOWN);
  const [columns, rows] = [[width, photo.width], [height, photo.height]].map(([side, most]) => Math.max(1, Math.min(Math.round(side / by), most)));
  const small = scaled(photo, columns, rows);
  const coloured = coloursOf(channels < 3 ? greyPhoto(columns, rows, small.grey) : small);
  return { whole: () => coloured, flat: () => flattened(coloured), shuffled: () => mixed(coloured) }[view]();
}

// All rows one after the other.
const flattened = ({ width, height, pixels }) => ({ width: width * height, height: 1, pixels });

// The same pixels in any other order, always the same one: to a dense layer no order is more natural.
const mixed = ({ width, height, pixels }) => ({ width, height, pixels: shuffle(pixels, randomFrom(1)) });
