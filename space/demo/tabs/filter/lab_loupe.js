// The loupe: the window's pixels and two around them, the cells that count framed, the padding hatched.

import { node } from "../../page/common.js";
import { reach } from "./lab_math.js";

const MARGIN = 2;

// found: what `strip` tells of the pointed value, or null.
export function drawLoupe(lab, found) {
  const canvas = lab.find(".loupe");
  const side = canvas.width;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, side, side);
  if (!found) return;
  const { answered } = lab;
  const count = reach(answered) + 2 * MARGIN;
  const at = (place) => Math.round(place * (side / count));
  const hatch = hatched(pen);
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < count; j += 1) {
      pen.fillStyle = colourOf(lab, found.top - MARGIN + i, found.left - MARGIN + j) ?? hatch;
      pen.fillRect(at(j), at(i), at(j + 1) - at(j), at(i + 1) - at(i));
    }
  }
  const accent = getComputedStyle(lab.element).getPropertyValue("--accent") || "#0f766e";
  const places = answered.weights.map((_, i) => MARGIN + i * answered.dilation);
  pen.lineWidth = 1;
  for (const [y, x] of places.flatMap((row) => places.map((column) => [row, column]))) {
    for (const [colour, inset] of [["#fff", 1], [accent, 2]]) {
      pen.strokeStyle = colour;
      pen.strokeRect(at(x) + inset - 0.5, at(y) + inset - 0.5, at(x + 1) - at(x) - 2 * inset + 1, at(y + 1) - at(y) - 2 * inset + 1);
    }
  }
}

function colourOf({ photo, answered }, r, c) {
  if (r < 0 || c < 0 || r >= photo.height || c >= photo.width) return null;
  const place = r * photo.width + c;
  const size = photo.width * photo.height;
  const [red, green, blue] = answered.colour ? [0, 1, 2].map((k) => photo.planes[k * size + place]) : Array(3).fill(photo.grey[place]);
  return `rgb(${red} ${green} ${blue})`;
}

function hatched(pen) {
  const tile = node("canvas");
  tile.width = tile.height = 6;
  const stroke = tile.getContext("2d");
  stroke.strokeStyle = "#8d8a83";
  stroke.beginPath();
  for (const shift of [-6, 0, 6]) { stroke.moveTo(shift, 6); stroke.lineTo(shift + 6, 0); }
  stroke.stroke();
  return pen.createPattern(tile, "repeat");
}
