// One pixel in three places: frames on the map and on the photo, the arithmetic between them, and a loupe.

import { fill, node } from "../../page/common.js";
import { frame } from "../../page/photo.js";
import { draggable } from "./lab_drag.js";
import { applied, cut, grouped, isKnown, numberOf, padding, reach, say, strip } from "./lab_math.js";

const MARGIN = 2; // pixels around the window in the loupe
const WAITING = "…";

// The kernel as it is applied: for a true convolution the grid itself is turned, and so is every edit.
export function drawKernel(lab) {
  const { settings } = lab;
  const size = settings.weights.length;
  if (lab.find(".kernel").children.length !== size * size) makeGrids(lab, size);
  const weights = applied(settings).flat();
  [...lab.find(".kernel").children].forEach((input, i) => {
    write(input, weights[i], numberOf(input.value) !== weights[i]);
    input.title = weights[i];
    input.setAttribute("aria-label", fill(lab.words.cell, { row: Math.floor(i / size) + 1, column: (i % size) + 1 }));
  });
  for (const input of lab.findAll("[data-number]")) write(input, settings[input.dataset.number], false);
}

// The three grids of the strip, made anew when the kernel's size changes.
function makeGrids(lab, size) {
  for (const name of ["patch", "kernel", "products"]) {
    const grid = lab.find(`.${name}`);
    grid.style.setProperty("--columns", size);
    const cellOf = name === "kernel" ? (place) => weightField(lab, place) : () => node("span", "cell");
    grid.replaceChildren(...Array.from({ length: size * size }, (_, place) => cellOf(place)));
    [...grid.children].forEach((cell, i) => { cell.dataset.cell = i; });
  }
  lab.find(".strip").dataset.size = size;
}

function weightField(lab, place) {
  const input = Object.assign(node("input"), { type: "text", inputMode: "decimal", autocomplete: "off" });
  input.addEventListener("input", () => lab.editWeight(place, input.value));
  draggable(input, {
    read: () => applied(lab.settings).flat()[place],
    write: (weight) => lab.editWeight(place, String(weight)),
    step: () => stepOf(lab.settings.weights.flat()),
  });
  return input;
}

// About a twentieth of the largest weight, as people count: 0.1, 0.2 or 0.5, or tens or tenths of these.
function stepOf(weights) {
  const wanted = Math.max(...weights.map((weight) => Math.abs(weight) || 0)) / 20 || 0.1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([5, 2].find((digit) => digit * power <= wanted * 1.001) ?? 1);
}

// A setting in its field, though not over what is being typed, unless it must be; what is no number is marked.
function write(input, value, isForced) {
  const isNumber = typeof value === "number";
  // fields are small: three places are shown, and all are kept until somebody edits them
  if (input !== document.activeElement || isForced) input.value = isNumber ? String(Number(value.toFixed(3))) : value;
  if (isNumber) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
}

// The arithmetic of the pointed value; while the photo's pixels are on their way, that is said.
export function drawStrip(lab, [row, column]) {
  const { answered, photo, settings } = lab;
  const size = settings.weights.length;
  const isHere = photo?.id === lab.value.photo;
  const ready = isHere && size === answered.weights.length && isKnown(photo, answered, row, column, MARGIN);
  if (isHere && !photo.isWhole && !ready) lab.wantPixels();
  const found = ready ? strip(photo, answered, row, column, answered.colour ? settings.channel : null) : null;
  const largest = found ? Math.max(...found.cells.map((cell) => Math.abs(cell.product))) : 0;
  const [patch, products] = [lab.find(".patch").children, lab.find(".products").children];
  for (let i = 0; i < size * size; i += 1) {
    const cell = found?.cells[i];
    patch[i].textContent = cell ? say(cell.pixel) : WAITING;
    patch[i].classList.toggle("outside", Boolean(cell) && !cell.inside);
    patch[i].title = cell && !cell.inside ? lab.words.outside : "";
    paint(patch[i], cell?.inside ? cell.pixel : null);
    products[i].textContent = cell ? say(cell.product) : WAITING;
    products[i].style.setProperty("--strength", cell && largest ? `${Math.round((45 * Math.abs(cell.product)) / largest)}%` : "0%");
    products[i].dataset.sign = cell ? Math.sign(cell.product) : 0;
  }
  drawTotal(lab, found);
  drawLoupe(lab, found);
  return found;
}

// A cell as bright as its pixel, written on in black or white, whichever is read better.
function paint(cell, pixel) {
  cell.style.background = pixel === null ? "" : `rgb(${pixel} ${pixel} ${pixel})`;
  cell.style.color = pixel === null ? "" : pixel > 117 ? "#000" : "#fff";
}

function drawTotal(lab, found) {
  const { words, answered } = lab;
  const isPlain = answered.divisor === 1 && answered.bias === 0;
  lab.find(".title-total").textContent = isPlain ? words.sum : words.value;
  const output = lab.find(".value");
  output.textContent = found ? grouped(say(found.value)) : WAITING;
  output.dataset.sign = found && lab.value.map.kind === "signed" ? Math.sign(found.value) : 0;
  const notes = found ? [] : [words.pixels_coming];
  if (found && !isPlain) notes.push(howItCame(answered, found.sum));
  if (found && isClipped(lab) && cut(found.value) !== found.value) notes.push(fill(words.drawn_as, { value: cut(found.value) }));
  lab.find(".how").textContent = notes.join(" · ");
}

// 600, divided by 8, and 2 more -> "600 ÷ 8 + 2"
function howItCame({ divisor, bias }, sum) {
  const said = (number) => grouped(say(number));
  const more = bias < 0 ? ` \u2212 ${said(-bias)}` : bias ? ` + ${said(bias)}` : "";
  return `${said(sum)}${divisor === 1 ? "" : ` ÷ ${said(divisor)}`}${more}`;
}

export const isClipped = (lab) => ["grey", "colour"].includes(lab.value.map.kind);

export function drawTitles(lab) {
  const { words, settings } = lab;
  lab.find(".title-patch").textContent = lab.answered.colour
    ? fill(words.patch_channel, { channel: words[`channel_${settings.channel}`] }) : words.patch;
  lab.find(".title-kernel").textContent = settings.flipped ? words.kernel_turned : words.kernel_edit;
  lab.find(".title-products").textContent = fill(words.products, { count: settings.weights.length ** 2 });
  lab.find(".kernel").setAttribute("aria-label", lab.find(".title-kernel").textContent);
}

// ---- frames
export function drawMapFrame(lab, [row, column]) {
  const mark = lab.find(".map .frame");
  const { width, height } = lab.value.map;
  mark.hidden = false;
  mark.style.left = `${(100 * (column + 0.5)) / width}%`;
  mark.style.top = `${(100 * (row + 0.5)) / height}%`;
  mark.style.width = mark.style.height = `${Math.max(12, lab.find(".map").clientWidth / width + 4)}px`;
}

// The frame on the photo, drawn by the photo column; taken away once, when this tab is hidden.
export function drawPhotoFrame(lab, [row, column]) {
  const { answered, photo, value } = lab;
  const isShown = Boolean(lab.find(".map").offsetParent && value?.map && photo && photo.id === value.photo);
  if (!isShown && !lab.isFramed) return;
  lab.isFramed = isShown;
  if (!isShown) return frame(null);
  const side = reach(answered);
  const start = (place) => place * answered.stride - padding(answered);
  frame({ x: start(column) / photo.width, w: side / photo.width, y: start(row) / photo.height, h: side / photo.height });
}

// ---- the loupe: the window's pixels and two around them, the cells that count framed, the padding hatched
function drawLoupe(lab, found) {
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
