// Many filters make a volume: 32 x 32 x 3 under ten filters of 5 x 5 x 3 becomes 28 x 28 x 10, map by map.

import { button, fill, node, press } from "../../../page/common.js";
import { drawn, responseMap } from "../../filter/response.js";
import { canvasOf, coloursOf, count, figure, kernelPicture, scaled, settingsOf, slider } from "../parts.js";

export const leads = "inside";
export const needsPhoto = true;
export const least = 5;
const [SIDE, FILTER, FILTERS] = [32, 5, 10];

export function draw(stage) {
  const { words, state, photo, picture, controls, tour } = stage;
  state.made ??= 1;
  state.seen ??= state.made; // the one whose filter is shown
  const small = scaled(photo, Math.min(SIDE, photo.width), Math.min(SIDE, photo.height));
  const filters = Array.from({ length: FILTERS }, (_, number) => filterOf(number));
  const maps = filters.map((filter) => mapOf(small, filter));
  const stack = node("div", "tour-stack");
  const now = node("div", "tour-now");
  picture.replaceChildren(now, stack);
  const made = slider(words.made, { low: 1, high: FILTERS, value: state.made }, (value) => { add(value); });
  const next = button("action", words.next, () => {
    made.set(state.made === FILTERS ? 1 : state.made + 1);
    add(state.made === FILTERS ? 1 : state.made + 1);
  });
  next.dataset.key = "next-map";
  controls.replaceChildren(made, next);

  function add(number) {
    state.made = state.seen = number;
    show();
  }

  function show() {
    const filter = filters[state.seen - 1];
    next.textContent = state.made === FILTERS ? words.anew : words.next;
    const kernels = node("div", "tour-three");
    kernels.append(...filter.map((weights) => kernelPicture(weights, 56)));
    now.replaceChildren(figure(canvasOf(coloursOf(small)), fill(words.input, small)), figure(kernels, fill(words.filter, { number: state.seen, side: FILTER })));
    const limit = Math.max(...maps.flatMap(({ values }) => values).map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
    const layers = maps.slice(0, state.made).map(({ width, height, values }, place) => {
      const layer = button("tour-slice", undefined, () => { state.seen = place + 1; show(); });
      layer.append(canvasOf(drawn({ width, height, planes: values }, { kind: "signed", low: -limit, limit }, 0, tour.colours).picture));
      layer.setAttribute("aria-label", fill(words.map, { number: place + 1 }));
      layer.dataset.key = `map-${place}`;
      layer.style.setProperty("--place", place);
      return layer;
    });
    press(layers, state.seen - 1);
    stack.setAttribute("role", "group");
    const [{ width, height }] = maps;
    const weights = 3 * FILTER ** 2;
    const values = {
      number: state.made, filters: FILTERS, wide: width, high: height, weights, numbers: count(width * height), total: count(width * height * state.made), shared: count((weights + 1) * state.made),
    };
    stack.setAttribute("aria-label", fill(words.stack, values));
    stack.replaceChildren(...layers);
    stage.say(fill(words.said, values));
    const all = { ...values, input: `${small.width} × ${small.height} × 3`, side: FILTER, shared: count((weights + 1) * FILTERS), total: count(width * height * FILTERS) };
    stage.answer(fill(words.answer_shape, all), fill(words.answer_memory, { bytes: count(4 * width * height * FILTERS) }), words.answer_why);
  }

  show();
}

// Filter `number` of ten: one direction of edge or one pair of colours each; for red, green and blue a grid of weights.
export function filterOf(number) {
  const places = Array.from({ length: FILTER }, (_, i) => i - (FILTER - 1) / 2);
  if (number < 6) { // edges, by 30 degrees
    const angle = (number * Math.PI) / 6;
    const weights = places.map((y) => places.map((x) => (Math.cos(angle) * x + Math.sin(angle) * y) * Math.exp(-(x * x + y * y) / 4)));
    return [weights, weights, weights];
  }
  const parts = [[1, -1, 0], [0, 1, -1], [1, 1, 1], [-1, 0, 1]][number - 6]; // red less green, green less blue, brightness, blue less red
  const bump = places.map((y) => places.map((x) => Math.exp(-(x * x + y * y) / 3)));
  const middle = bump.flat().reduce((sum, weight) => sum + weight, 0) / FILTER ** 2;
  // a spot that is brighter than its surroundings, or a colour that outweighs another
  return parts.map((part) => bump.map((row) => row.map((weight) => part * (number === 8 ? weight - middle : weight))));
}

// The three kernels' maps, added.
function mapOf(photo, kernels) {
  const parts = kernels.map((weights, channel) => responseMap(
    { ...photo, kept: undefined, grey: photo.planes.subarray(channel * photo.width * photo.height, (channel + 1) * photo.width * photo.height) }, settingsOf(weights)));
  const [{ width, height }] = parts;
  const values = Float32Array.from({ length: width * height }, (_, i) => parts.reduce((sum, part) => sum + part.planes[0][i], 0));
  return { width, height, values: [values] };
}
