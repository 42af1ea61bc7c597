// The laboratory's arithmetic: no page, no server. It multiplies and adds the photo's own pixels in double
// precision, apart from the map that Python makes; tests compare the two.

import { bytesOf, within, withMinus } from "../../page/common.js";

// PIL's brightness of a pixel, with its rounding: (R * 19595 + G * 38470 + B * 7471 + 0x8000) >> 16.
export function greyOf(planes) {
  const size = planes.length / 3;
  const grey = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) {
    grey[i] = (planes[i] * 19595 + planes[size + i] * 38470 + planes[2 * size + i] * 7471 + 0x8000) >> 16;
  }
  return grey;
}

// What Python packed: three planes (R, G, B), each row as differences from left to right, deflated, base64; of all of the
// photo, or of the part in its box alone, outside of which nothing is known.
export async function unpacked(packed) {
  const stream = new Blob([bytesOf(packed.data)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const part = new Uint8Array(await new Response(stream).arrayBuffer());
  const { id, width, height, means = {}, isScaledDown = false } = packed;
  const known = packed.box ?? [0, 0, width, height];
  const [left, top, right, bottom] = known;
  const across = right - left;
  for (let start = 0; start < part.length; start += across) {
    for (let i = start + 1; i < start + across; i += 1) part[i] += part[i - 1]; // modulo 256, as it was packed
  }
  const high = bottom - top;
  const isWhole = across === width && high === height;
  const planes = isWhole ? part : new Uint8Array(3 * width * height);
  for (let row = 0; row < (isWhole ? 0 : 3 * high); row += 1) {
    const to = (Math.floor(row / high) * height + top + (row % high)) * width + left;
    planes.set(part.subarray(row * across, (row + 1) * across), to);
  }
  return { id, width, height, planes, grey: greyOf(planes), means, known, isWhole, isScaledDown };
}

// Is all known of the photo that the arithmetic of one value of the map needs, and `margin` pixels around it?
export function isKnown(photo, settings, row, column, margin = 0) {
  if (photo.isWhole) return true;
  const [left, top, right, bottom] = photo.known;
  const side = reach(settings);
  const lies = (place, whole, from, to) => {
    const first = place * settings.stride - padding(settings);
    const last = first + side - 1;
    // a border may repeat or mirror pixels, as far inside as the window reaches outside
    const [low, high] = [Math.min(first, 2 * whole - 2 - last) - margin, Math.max(last, -first) + margin];
    return within(low, 0, whole - 1) >= from && within(high, 0, whole - 1) < to;
  };
  return lies(row, photo.height, top, bottom) && lies(column, photo.width, left, right);
}

// One channel (0, 1, 2), or the brightness (null), as a plane of width * height bytes.
export function planeOf(photo, channel) {
  const size = photo.width * photo.height;
  return channel === null ? photo.grey : photo.planes.subarray(channel * size, (channel + 1) * size);
}

export function meanOf(photo, channel) {
  if (photo.means[channel] === undefined) {
    let sum = 0;
    for (const value of planeOf(photo, channel)) sum += value; // whole numbers far below 2 ** 53: exact
    photo.means[channel] = sum / (photo.width * photo.height);
  }
  return photo.means[channel];
}

export const reach = (settings) => settings.dilation * (settings.weights.length - 1) + 1;

export function padding(settings) {
  if (settings.padding === "same") return Math.floor((reach(settings) - 1) / 2);
  return settings.padding === "valid" ? 0 : Number(settings.padding);
}

export const mirrored = (place, side) => side - 1 - Math.abs(side - 1 - Math.abs(place));
export const nearest = (place, side) => within(place, 0, side - 1);

// The weights as they are applied: turned by 180 degrees for a true convolution.
export function applied(settings) {
  return settings.flipped ? settings.weights.map((row) => [...row].reverse()).reverse() : settings.weights;
}

// The arithmetic of one value of the map: what the window sees, the products, their sum, the value.
// row, column: in the map, counted from 0. channel: 0, 1, 2, or null for the brightness.
export function strip(photo, settings, row, column, channel) {
  const { width, height } = photo;
  const plane = planeOf(photo, channel);
  const top = row * settings.stride - padding(settings);
  const left = column * settings.stride - padding(settings);
  const cells = [];
  let sum = 0;
  applied(settings).forEach((weights, i) => weights.forEach((weight, j) => {
    let r = top + i * settings.dilation;
    let c = left + j * settings.dilation;
    const inside = r >= 0 && r < height && c >= 0 && c < width;
    if (!inside && settings.border === "reflect") [r, c] = [mirrored(r, height), mirrored(c, width)];
    if (!inside && settings.border === "replicate") [r, c] = [nearest(r, height), nearest(c, width)];
    let pixel = plane[r * width + c];
    if (!inside && settings.border === "zero") pixel = 0;
    if (!inside && settings.border === "mean") pixel = meanOf(photo, channel);
    sum += pixel * weight;
    cells.push({ pixel, weight, product: pixel * weight, inside });
  }));
  return { cells, sum, value: sum / settings.divisor + settings.bias, top, left };
}

// A number as the page writes it: whole numbers whole, others with three places, a true minus.
export function say(value) {
  // first to nine places (fifteen digits), so that the last bit of a sum never decides a digit that is shown
  const settled = Math.abs(value) < 1e6 ? Math.round(value * 1e9) / 1e9 : Number(value.toPrecision(13));
  let text;
  if (Number.isInteger(settled) && Math.abs(settled) < 1e12) text = String(settled);
  else if (Math.abs(settled) >= 1e6) text = settled.toPrecision(7);
  else if (Math.abs(settled) >= 0.001) text = String(Number(settled.toFixed(3)));
  else text = settled.toPrecision(2);
  return withMinus(text);
}

// 12412.5 -> 12,412.5, as the headings write it; a small cell has no room for that.
export const grouped = (text) => text.replace(/\d+/, (whole) => Number(whole).toLocaleString("en"));

// As Python draws a map that is not signed: to the nearest whole number, halves to the even one, within 0 to 255.
export function cut(number) {
  const kept = within(number, 0, 255);
  const below = Math.floor(kept);
  const rest = kept - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

// A kernel in another size: zeros around it, or its rim cut off.
export function resized(weights, size) {
  const shift = (weights.length - size) / 2;
  const places = Array.from({ length: size }, (_, i) => i + shift);
  return places.map((row) => places.map((column) => weights[row]?.[column] ?? 0));
}

// What a visitor typed -> a number, or the text itself, which Python will refuse with a sentence.
export function numberOf(text) {
  const plain = text.trim().replace("\u2212", "-").replace(",", ".");
  const number = plain === "" ? NaN : Number(plain);
  return Number.isFinite(number) ? number : plain || "?";
}

// ---- what a kernel does to a picture, by its sum and its first moments: cnnhub.kernels.nature, in its float32
export function nature(rows, divisor) {
  const weights = rows.map((row) => row.map((weight) => Math.fround(weight / divisor)));
  const middle = Math.floor(weights.length / 2);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const columns = weights.map((_, j) => sum(weights.map((row) => row[j])));
  const moment = (sums) => sum(sums.map((value, i) => value * (i - middle)));
  const lines = weights.map(sum);
  const found = { total: sum(lines), towardsX: moment(columns), towardsY: moment(lines), centre: weights[middle][middle] };
  const isLine = { vertical_lines: columns[middle] === found.total, horizontal_lines: lines[middle] === found.total };
  return { kind: kindOf(weights.flat(), found, isLine), ...found };
}

function kindOf(weights, { total, towardsX, towardsY, centre }, isLine) {
  const size = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  const moment = Math.hypot(towardsX, towardsY);
  const [negligible, clear] = [1e-3 * size, 0.1 * size];
  if (size === 0) return "zero";
  if (size - Math.abs(centre) <= negligible) return Math.abs(total - 1) <= negligible ? "identity" : "mixed";
  if (weights.every((weight) => weight >= 0)) {
    if (isLine.vertical_lines) return "vertical_lines";
    if (isLine.horizontal_lines) return "horizontal_lines";
    return moment <= clear ? "smooth" : "mixed"; // one that leans to a side shifts the picture
  }
  if (Math.abs(total) <= negligible) {
    if (moment > clear) return edges(towardsX, towardsY);
    return Math.abs(centre) >= 0.3 * size ? "details" : "mixed";
  }
  if (total > 0 && moment > clear) return "relief";
  return total > 0 && centre >= 0.5 * size ? "sharpen" : "mixed";
}

// An edge counts as diagonal from 22.5 degrees off the axes.
function edges(towardsX, towardsY) {
  const slope = Math.tan(Math.PI / 8);
  if (Math.abs(towardsY) <= slope * Math.abs(towardsX)) return "vertical_edges";
  return Math.abs(towardsX) <= slope * Math.abs(towardsY) ? "horizontal_edges" : "diagonal_edges";
}
