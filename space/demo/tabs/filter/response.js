// The response map in the browser: no page, no server. cnnhub.convolution, stack and render stay the truth, and tests
// compare the two. A map is { width, height, planes }: a Float32Array of width * height values for each channel.

import { applied, meanOf, mirrored, nearest, padding, planeOf, reach } from "./lab_math.js";

const VISIBLE_SHARE = 0.995; // of the values: the |value| that gets the last colour, as in cnnhub.render
const SAMPLE = 100_000; // values, of which that is told
const BINS = 1024;
const ALL = { width: Infinity, height: Infinity };

// What the laboratory shows of a photo with its settings.
// colours: { signed, magma }, 256 of each as 32 bits. shown: no map needs more values than the screen has pixels there; one that
// has more is then made of every so many values, without what only all of them tell (`strongest`, `below`, `steps`).
export function respond(photo, settings, colours, shown) {
  const map = responseMap(photo, settings, shown);
  const scale = scaleOfFilter(map, settings);
  const channel = settings.colour ? settings.channel : 0;
  const [width, height] = [photo.width, photo.height].map((side) => sizeOf(side, settings));
  const isWhole = map.width === width && map.height === height;
  const made = { width, height, isWhole, ...drawn(map, scale, channel, colours) };
  if (!isWhole) return made;
  const strongest = strongestOf(map, channel, Math.ceil(padding(settings) / settings.stride));
  return { ...made, ...strongest, ...beyond(map, scale, channel), ...follow(map, settings, channel, colours) };
}

// The filter's answer to each channel of the photo.
export function responseMap(photo, settings, shown = ALL) {
  const [width, height] = [photo.width, photo.height].map((side) => sizeOf(side, settings));
  const isWhole = shown.width >= width || shown.height >= height;
  const [columns, rows] = isWhole ? [places(width), places(height)] : [places(width, shown.width), places(height, shown.height)];
  const planes = (settings.colour ? [0, 1, 2] : [null]).map(
    (channel) => convolve(padded(photo, channel, settings), settings, rows, columns));
  return { width: columns.length, height: rows.length, planes };
}

// Why there is no such map, as the page's texts know it, or null.
export function refusal(photo, settings) {
  const amount = padding(settings);
  const sides = [photo.width, photo.height];
  if (amount && settings.border === "reflect" && amount >= Math.min(...sides)) return "reflect";
  return sides.some((side) => sizeOf(side, settings) < 1) ? "geometry" : null;
}

export const sizeOf = (side, settings) => Math.floor((side + 2 * padding(settings) - reach(settings)) / settings.stride) + 1;

// So many of `count` places as evenly as the screen takes them, or all.
function places(count, shown = count) {
  return Int32Array.from({ length: shown }, (_, i) => Math.floor(((i + 0.5) * count) / shown));
}

// ---- the filter
// One channel of a photo with its border, in float32; the last ones are kept for the next weight that is changed.
function padded(photo, channel, settings) {
  const amount = padding(settings);
  const key = `${amount} ${settings.border}`;
  if (photo.kept?.key !== key) photo.kept = { key };
  photo.kept[channel] ??= bordered(
    planeOf(photo, channel), photo, amount, settings.border, () => meanOf(photo, channel));
  return photo.kept[channel];
}

function bordered(values, { width, height }, amount, border, mean) {
  const wide = width + 2 * amount;
  const made = new Float32Array(wide * (height + 2 * amount));
  if (border === "mean" && amount) made.fill(mean());
  for (let row = 0; row < height; row += 1) made.set(values.subarray(row * width, (row + 1) * width), (row + amount) * wide + amount);
  if (!["reflect", "replicate"].includes(border)) return { width: wide, values: made };
  const inside = border === "reflect" ? mirrored : nearest;
  for (let row = amount; row < height + amount; row += 1) {
    for (let i = 1; i <= amount; i += 1) {
      made[row * wide + amount - i] = made[row * wide + amount + inside(-i, width)];
      made[row * wide + amount + width - 1 + i] = made[row * wide + amount + inside(width - 1 + i, width)];
    }
  }
  for (const i of Array.from({ length: amount }, (_, place) => place + 1)) { // rows that are whole by now
    for (const row of [-i, height - 1 + i]) {
      const from = (amount + inside(row, height)) * wide;
      made.copyWithin((amount + row) * wide, from, from + wide);
    }
  }
  return { width: wide, values: made };
}

// The values at these rows and columns of the map.
function convolve({ width, values }, settings, rows, columns) {
  const { stride, dilation, divisor, bias } = settings;
  const taps = applied(settings).flatMap((line, i) => line.map(
    (weight, j) => ({ weight, at: (i * width + j) * dilation }))).filter(({ weight }) => weight !== 0);
  while (taps.length % 9) taps.push({ weight: 0, at: 0 });
  const [weights, offsets] = [Float64Array.from(taps, ({ weight }) => weight), Int32Array.from(taps, ({ at }) => at)];
  const starts = columns.map((column) => column * stride);
  const output = new Float32Array(rows.length * columns.length);
  const sums = new Float64Array(columns.length);
  for (let i = 0; i < rows.length; i += 1) {
    sums.fill(0);
    const from = rows[i] * stride * width;
    for (let tap = 0; tap < taps.length; tap += 9) {
      addNine(sums, values, starts, weights.subarray(tap, tap + 9), offsets.subarray(tap, tap + 9).map((offset) => from + offset));
    }
    if (divisor !== 1 || bias !== 0) for (let x = 0; x < sums.length; x += 1) sums[x] = sums[x] / divisor + bias;
    output.set(sums, i * columns.length);
  }
  return output;
}

// A row's sums with nine weights more: one by one, the sums would be read and written nine times as often.
function addNine(sums, values, starts, [a, b, c, d, e, f, g, h, i], [atA, atB, atC, atD, atE, atF, atG, atH, atI]) {
  for (let x = 0; x < sums.length; x += 1) {
    const at = starts[x];
    sums[x] += a * values[atA + at] + b * values[atB + at] + c * values[atC + at] + d * values[atD + at] + e * values[atE + at]
      + f * values[atF + at] + g * values[atG + at] + h * values[atH + at] + i * values[atI + at];
  }
}

// ---- what follows it
// Each step's picture and size, and the place of one that cannot be applied.
function follow(first, settings, channel, colours) {
  const steps = [];
  let isPicture = keepsBrightness(settings);
  let map = first;
  for (const [place, step] of settings.steps.entries()) {
    const next = applyStep(map, step, settings);
    if (!next) return { steps, failed: place };
    isPicture &&= step.kind === "filter" ? keepsBrightness(step) : step.name !== "l2";
    const size = { width: next.width, height: next.height, before: { width: map.width, height: map.height } };
    steps.push({ ...size, ...drawn(next, isPicture ? GREYS : scaleOf(next), channel, colours) });
    map = next;
  }
  return { steps, failed: null };
}

// A map after one step; a step of the kind "filter" has its preset's weights and divisor. Null where nothing would be left.
export function applyStep(map, step, { border }) {
  if (step.kind === "relu") return { ...map, planes: map.planes.map((values) => values.map((value) => Math.max(value, 0))) };
  if (step.kind === "pool") return pool(map, step.name, step.window, step.stride);
  const filter = { ...step, dilation: 1, padding: "same", bias: 0, flipped: false, border };
  if (refusal(map, filter)) return null;
  const [columns, rows] = [map.width, map.height].map((side) => places(sizeOf(side, filter)));
  const planes = map.planes.map((values) => {
    const mean = () => values.reduce((sum, value) => sum + value, 0) / values.length;
    return convolve(bordered(values, map, padding(filter), border, mean), filter, rows, columns);
  });
  return { width: columns.length, height: rows.length, planes };
}

// Each window becomes its maximum, its average or its L2 norm: first along its rows, then down. Null where nothing would be left.
export function pool(map, mode, window, stride) {
  const [width, height] = [map.width, map.height].map((side) => Math.floor((side - window) / stride) + 1);
  if (width < 1 || height < 1) return null;
  const planes = map.planes.map((values) => {
    const taken = mode === "l2" ? values.map((value) => value * value) : values;
    const across = { height: map.height, width, down: map.width, across: stride, place: 1, window };
    const rows = overWindows(taken, new Float64Array(map.height * width), across, mode === "max");
    const along = { height, width, down: stride * width, across: 1, place: width, window };
    const found = overWindows(rows, new Float32Array(height * width), along, mode === "max");
    if (mode === "l2") return found.map(Math.sqrt);
    return mode === "average" ? found.map((sum) => sum / window ** 2) : found;
  });
  return { width, height, planes };
}

// The largest value, or the sum, of `window` values that lie `place` apart; from one result to the next, `across` and `down`.
function overWindows(values, output, { height, width, down, across, place, window }, isMax) {
  for (let row = 0, to = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, to += 1) {
      const from = row * down + column * across;
      const end = from + window * place;
      let found = values[from];
      if (isMax) for (let at = from + place; at < end; at += place) found = values[at] > found ? values[at] : found;
      else for (let at = from + place; at < end; at += place) found += values[at];
      output[to] = found;
    }
  }
  return output;
}

// ---- what a map's values tell
// The smallest and the largest value of a part of a plane and where they are; of equal ones the first.
function extremes(values, width, [top, bottom, left, right]) {
  let [lowAt, highAt] = [top * width + left, top * width + left];
  let [low, high] = [values[lowAt], values[highAt]];
  for (let row = top; row < bottom; row += 1) {
    const end = row * width + right;
    for (let at = row * width + left; at < end; at += 1) {
      const value = values[at];
      if (value < low) { low = value; lowAt = at; }
      else if (value > high) { high = value; highAt = at; }
    }
  }
  return { low, lowAt, high, highAt };
}

// Where the value of largest size is.
function largestOf(width, values, { low, lowAt, high, highAt }) {
  const at = high >= -low ? highAt : lowAt;
  return { value: values[at], row: Math.floor(at / width), column: at % width };
}

// The largest |value| whose window lies on the photo, as long as there is one (all of them alike: only `flat`), and one in the
// padding that is larger.
function strongestOf({ width, height, planes }, channel, margin) {
  const values = planes[channel];
  const rim = Math.min(width, height) > 2 * margin ? margin : 0;
  const [bottom, right] = [height - rim, width - rim];
  const inside = extremes(values, width, [rim, bottom, rim, right]);
  const sides = [[0, rim, 0, width], [rim, bottom, 0, rim], [rim, bottom, right, width], [bottom, height, 0, width]];
  const outside = (rim ? sides : []).map((part) => extremes(values, width, part));
  const min = Math.min(inside.low, ...outside.map(({ low }) => low));
  const max = Math.max(inside.high, ...outside.map(({ high }) => high));
  const found = largestOf(width, values, inside);
  const isFlat = inside.low === inside.high;
  const larger = outside.map((part) => largestOf(width, values, part)).filter(({ value }) => Math.abs(value) > Math.abs(found.value))
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value) || other.value - one.value);
  return { min, max, strongest: isFlat ? null : found, flat: isFlat ? inside.low : null, border: larger[0] ?? null };
}

// The |value| of the last colour: the 99.5 % quantile of every so many values, or the largest where that is 0.
function visibleLimit({ planes }) {
  const size = planes[0].length;
  const step = Math.max(1, Math.floor((size * planes.length) / SAMPLE));
  const sample = new Float32Array(Math.ceil((size * planes.length) / step));
  let largest = 0;
  for (let i = 0, at = 0; i < sample.length; i += 1, at += step) {
    const value = Math.abs(planes[Math.floor(at / size)][at % size]);
    sample[i] = value;
    if (value > largest) largest = value;
  }
  const sizeOfLargest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return quantile(sample, largest) || Math.max(...planes.map(sizeOfLargest));
}

// As torch.quantile, between two neighbours. Only the largest values are sorted: all of them would take longer than the map.
function quantile(sample, largest) {
  if (!largest) return 0;
  const bin = (value) => Math.floor((value / largest) * (BINS - 1));
  const counts = new Uint32Array(BINS);
  for (let i = 0; i < sample.length; i += 1) counts[bin(sample[i])] += 1;
  const rank = VISIBLE_SHARE * (sample.length - 1);
  let [above, from] = [0, BINS];
  while (above < sample.length - Math.floor(rank)) { from -= 1; above += counts[from]; }
  const top = sample.filter((value) => bin(value) >= from).sort();
  const place = Math.floor(rank) - (sample.length - top.length);
  return top[place] + (rank - Math.floor(rank)) * ((top[place + 1] ?? top[place]) - top[place]);
}

// ---- colours
const GREYS = { kind: "grey", low: 0, limit: 255 };
const GREY_TABLE = Uint32Array.from({ length: 256 }, (_, level) => 0xff000000 + level * 0x010101);

// 256 colours, three bytes each -> as a canvas has them, 32 bits each.
export const tableOf = (rgb) => Uint32Array.from({ length: 256 }, (_, i) => (
  (0xff000000 | (rgb[3 * i + 2] << 16) | (rgb[3 * i + 1] << 8) | rgb[3 * i]) >>> 0));

const sumOf = ({ weights, divisor }) => weights.flat().reduce((sum, weight) => sum + weight / divisor, 0);
export const keepsBrightness = (filter) => Math.abs(sumOf(filter) - 1) < 1e-3;

function scaleOfFilter(map, settings) {
  const isPicture = settings.drawn === "clipped" || (settings.drawn === "auto" && keepsBrightness(settings));
  const { weights, divisor, bias } = settings;
  return isPicture ? GREYS : scaleOf(map, bias < 0 || weights.flat().some((weight) => weight / divisor < 0));
}

function scaleOf(map, isSigned = false) {
  const limit = visibleLimit(map);
  const kind = isSigned || map.planes.some((values) => values.some((value) => value < 0)) ? "signed" : "magma";
  return { kind, low: kind === "signed" ? -limit : 0, limit };
}

// The shares of the values beyond the ends of the scale.
function beyond({ planes }, { kind, low, limit }, channel) {
  const shown = kind === "grey" ? planes : [planes[channel]];
  let [below, above] = [0, 0];
  for (const values of shown) {
    for (let i = 0; i < values.length; i += 1) {
      if (values[i] < low) below += 1;
      else if (values[i] > limit) above += 1;
    }
  }
  const count = shown.length * planes[0].length;
  return { below: below / count, above: above / count };
}

// A map as a picture, 32 bits a pixel: all channels where it is of greys, else the shown one, in colours that all share.
export function drawn({ width, height, planes }, scale, channel, colours = {}) {
  const pixels = new Uint32Array(width * height);
  const isColour = scale.kind === "grey" && planes.length === 3;
  if (isColour) {
    const [red, green, blue] = planes.map((values) => Uint8ClampedArray.from(values));
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = 0xff000000 | (blue[i] << 16) | (green[i] << 8) | red[i];
  } else {
    const table = colours[scale.kind] ?? GREY_TABLE;
    const levels = levelsOf(planes[channel], scale);
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = table[levels[i]];
  }
  return { kind: isColour ? "colour" : scale.kind, low: scale.low, high: scale.limit, picture: { width, height, pixels } };
}

// 0 to 255, halves to the even one, as these arrays round by themselves.
function levelsOf(values, { kind, limit }) {
  const levels = new Uint8ClampedArray(values.length);
  const last = limit || 1;
  if (kind === "grey") levels.set(values);
  else if (kind === "signed") for (let i = 0; i < values.length; i += 1) levels[i] = ((values[i] / last + 1) / 2) * 255;
  else for (let i = 0; i < values.length; i += 1) levels[i] = (values[i] / last) * 255;
  return levels;
}
