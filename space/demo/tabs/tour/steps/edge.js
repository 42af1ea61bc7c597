// The edge: a window over a grid of cells, with or without padding, step by step; and how many places there are for it.

import { ARROWS, button, fill, node, within } from "../../../page/common.js";
import { digits, scaled, segments, slider, svg } from "../parts.js";

export const leads = "filter";
const START = { width: 7, height: 7, side: 3, stride: 1, padding: "valid", border: "zero", row: 0, column: 0 };
const PRESETS = [
  { width: 7, height: 7, side: 3, stride: 1, padding: "valid" },
  { width: 13, height: 6, side: 6, stride: 5, padding: "valid" },
  { width: 7, height: 5, side: 3, stride: 2, padding: "same" },
];
const CELL = 26;

// How a window of `side` cells goes along `size` cells: how many places there are, and the padding before and after.
// "same" gives ceil(size / stride) places, TensorFlow's rule, with the odd cell of padding at the end.
export function along(size, { side, stride, padding }) {
  const wanted = Math.ceil(size / stride);
  const total = padding === "same" ? Math.max(0, (wanted - 1) * stride + side - size) : 0;
  const before = Math.floor(total / 2);
  const count = Math.floor((size + total - side) / stride) + 1;
  return { count: Math.max(0, count), before, after: total - before, total };
}

export function draw(stage) {
  const { words, state, picture, controls } = stage;
  if (!state.width) Object.assign(state, START);
  const field = node("div", "tour-edge");
  field.tabIndex = 0;
  field.setAttribute("role", "application");
  field.setAttribute("aria-label", words.window);
  picture.replaceChildren(field);
  const sliders = Object.fromEntries([["width", 1, 15], ["height", 1, 9], ["side", 1, 7], ["stride", 1, 5]].map(([name, low, high]) => [
    name, slider(words[name], { low, high, value: state[name] }, (value) => { state[name] = value; show(); })]));
  const paddings = segments(words.padding, ["valid", "same"].map((each) => [each, words[each]]), state.padding, (padding) => { state.padding = padding; show(); });
  const borders = segments(words.border, ["zero", "mean"].map((each) => [each, words[each]]), state.border, (border) => { state.border = border; show(); });
  const presets = node("div", "tour-presets");
  presets.append(...PRESETS.map((preset) => button("action", fill(words.preset, preset), () => {
    Object.assign(state, preset, { row: 0, column: 0 });
    draw(stage);
  })));
  controls.replaceChildren(paddings, borders, ...Object.values(sliders), presets);

  function show() {
    const [across, down] = [along(state.width, state), along(state.height, state)];
    state.column = within(state.column, 0, Math.max(0, across.count - 1));
    state.row = within(state.row, 0, Math.max(0, down.count - 1));
    borders.hidden = state.padding === "valid";
    field.replaceChildren(...drawing(state, across, down, stage.photo && scaledUp(stage.photo, state.width, state.height)));
    const values = { ...state, wide: across.count, high: down.count, across: across.total, down: down.total, place: state.row * across.count + state.column + 1, places: across.count * down.count };
    if (!values.places) stage.say(fill(words.said_none, values));
    else stage.say([fill(words.said, values), told(state, across, down, words), unseen(state, across, down, words)].join(" ").trim());
    stage.answer(
      fill(words.formula, { ...values, exact: digits((state.width - state.side + across.total) / state.stride + 1, 4) }),
      fill(words.answer_high, { ...values, exact: digits((state.height - state.side + down.total) / state.stride + 1, 4) }),
      words.answer_why);
  }

  function move(row, column) {
    [state.row, state.column] = [row, column];
    show();
  }

  const point = (event) => {
    const box = field.firstChild.getBoundingClientRect();
    const [across, down] = [along(state.width, state), along(state.height, state)];
    const cells = [state.width + across.total, state.height + down.total];
    const [x, y] = [((event.clientX - box.left) / box.width) * cells[0], ((event.clientY - box.top) / box.height) * cells[1]];
    move(Math.round((y - state.side / 2) / state.stride), Math.round((x - state.side / 2) / state.stride));
  };
  field.addEventListener("pointerdown", (event) => { field.setPointerCapture(event.pointerId); point(event); });
  field.addEventListener("pointermove", (event) => { if (event.buttons) point(event); });
  field.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    move(state.row + step[0], state.column + step[1]);
  });
  show();
}

// Columns and rows at the end that no place of the window reaches.
function unseen({ width, height, side, stride }, across, down, words) {
  const rest = (size, { count, total }) => size + total - ((count - 1) * stride + side);
  const [columns, rows] = [rest(width, across), rest(height, down)];
  return columns || rows ? fill(words.unseen, { columns, rows }) : "";
}

// What the window holds at its place.
function told({ row, column, side, stride, width, height, border }, across, down, words) {
  const inside = (at, size) => Math.max(0, Math.min(at + side, size) - Math.max(at, 0));
  const cells = inside(row * stride - down.before, height) * inside(column * stride - across.before, width);
  const outside = side * side - cells;
  return outside ? fill(words[`holds_${border}`], { cells, outside }) : fill(words.holds, { cells });
}

// The cells with their padding and the window, and beside them one cell for each of its places.
function drawing({ width, height, side, stride, row, column, border }, across, down, photo) {
  const grey = (level) => `rgb(${level} ${level} ${level})`;
  const mean = photo ? Math.round(photo.grey.reduce((sum, level) => sum + level, 0) / photo.grey.length) : 128;
  const [wide, high] = [width + across.total, height + down.total];
  const cells = svg("svg", { viewBox: `-1 -1 ${wide * CELL + 2} ${high * CELL + 2}`, class: "tour-cells", style: `--wide: ${wide}` });
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const isIn = y >= down.before && y < down.before + height && x >= across.before && x < across.before + width;
      cells.append(svg("rect", { x: x * CELL, y: y * CELL, width: CELL, height: CELL, class: isIn ? "is-cell" : "is-padding", fill: grey(
        isIn ? photo?.grey[(y - down.before) * width + x - across.before] ?? 235 : border === "mean" ? mean : 0) }));
    }
  }
  if (across.count && down.count) {
    cells.append(svg("rect", { x: column * stride * CELL, y: row * stride * CELL, width: side * CELL, height: side * CELL, class: "is-window" }));
  }
  const output = svg("svg", { viewBox: `-1 -1 ${Math.max(1, across.count) * CELL + 2} ${Math.max(1, down.count) * CELL + 2}`, class: "tour-cells is-output", style: `--wide: ${across.count}` });
  for (let y = 0; y < down.count; y += 1) {
    for (let x = 0; x < across.count; x += 1) {
      output.append(svg("rect", { x: x * CELL, y: y * CELL, width: CELL, height: CELL, class: y === row && x === column ? "is-window" : "is-cell", fill: "var(--card)" }));
    }
  }
  return [cells, output];
}

// The photo in so many cells, whatever its shape.
const scaledUp = (photo, width, height) => scaled(photo, Math.min(width, photo.width), Math.min(height, photo.height));
