// What pooling survives, in the browser: the photo's brightness is moved, pooled before and after, and the change is measured.
// cnnhub.invariance stays the truth, and tests compare the two.

import { within } from "../../page/common.js";
import { drawn, pool } from "./response.js";

const MODES = ["max", "average", "l2"];
const ROUNDING = 1e-6; // what interpolating may change of values that are all the same

// -> { width, height, figures, changes }, figures and changes by "pixels", the three modes and "global_average"; null where nothing
// is left of the photo.
export function survived(photo, settings) {
  const { width, height } = photo;
  photo.plain ??= Float32Array.from(photo.grey);
  const key = `${settings.window} ${settings.stride}`;
  if (photo.pooled?.key !== key) photo.pooled = { key, maps: pooled({ width, height, planes: [photo.plain] }, settings) };
  const before = photo.pooled.maps;
  if (!before) return null;
  const after = pooled({ width, height, planes: [moved(photo.plain, photo, settings)] }, settings);
  const changes = {};
  const figures = {};
  for (const [name, map] of Object.entries(after)) {
    const change = changed(before[name].planes[0], map.planes[0]);
    changes[name] = change > ROUNDING ? change : 0;
    // a norm over so many pixels can be larger than any of them, by the window's side
    const white = name === "l2" ? 255 * settings.window : 255;
    figures[name] = drawn(white === 255 ? map : dimmed(map, settings.window), { kind: "grey", low: 0, limit: 255 }, 0).picture;
  }
  return { width, height, figures, changes };
}

function pooled(map, { window, stride }) {
  const made = Object.fromEntries(MODES.map((mode) => [mode, pool(map, mode, window, stride)]));
  if (!made.max) return null;
  const [values] = map.planes;
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { pixels: map, ...made, global_average: { width: 1, height: 1, planes: [Float32Array.of(average)] } };
}

const dimmed = (map, by) => ({ ...map, planes: map.planes.map((values) => values.map((value) => value / by)) });

// Turned and scaled about its middle, then shifted; beyond the edge the nearest pixel is repeated. angle: degrees against the clock.
export function moved(values, { width, height }, { shift_x: right, shift_y: down, angle, scale }) {
  const [cos, sin] = [Math.cos, Math.sin].map((of) => of((angle * Math.PI) / 180) / scale);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const output = new Float32Array(values.length);
  for (let row = 0, to = 0; row < height; row += 1) {
    const y = row - middleY - down;
    for (let column = 0; column < width; column += 1, to += 1) {
      const x = column - middleX - right;
      const fromX = within(cos * x - sin * y + middleX, 0, width - 1);
      const fromY = within(sin * x + cos * y + middleY, 0, height - 1);
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [partX, partY] = [fromX - left, fromY - top];
      const at = top * width + left;
      const next = left < width - 1 ? 1 : 0;
      const below = top < height - 1 ? width : 0;
      const upper = values[at] + partX * (values[at + next] - values[at]);
      const lower = values[at + below] + partX * (values[at + below + next] - values[at + below]);
      output[to] = upper + partY * (lower - upper);
    }
  }
  return output;
}

// The mean of |before - after| divided by the mean of |before|.
export function changed(before, after) {
  let [difference, size] = [0, 0];
  for (let i = 0; i < before.length; i += 1) {
    difference += Math.abs(before[i] - after[i]);
    size += Math.abs(before[i]);
  }
  return difference ? difference / size : 0;
}
