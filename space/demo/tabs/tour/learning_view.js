// What the step on learning draws: filters, curves, misread digits and what is read of a drawing.

import { node } from "../../page/common.js";
import { digits as written, kernelColour, kernelPicture, percent, svg } from "./parts.js";
import { CLASSES, FILTERS, KERNEL, SIDE, pictureAt } from "./live_math.js";

const [WIDE, HIGH, EDGE] = [400, 116, 8]; // of a chart

// The eight filters, made once and coloured anew, so that a finger meets the same squares while they change.
export class Filters {
  constructor(element) {
    this.pictures = Array.from({ length: FILTERS }, () => kernelPicture(Array.from({ length: KERNEL }, () => Array(KERNEL).fill(0)), 44));
    this.mark = svg("rect", { width: 1, height: 1, class: "is-chosen" });
    element.replaceChildren(...this.pictures);
  }

  // Of some parameters; the cell of the weight with the number `marked` is framed.
  show(parameters, marked = null) {
    const size = KERNEL ** 2;
    this.pictures.forEach((picture, filter) => {
      const own = parameters.subarray(filter * size, (filter + 1) * size);
      const most = Math.max(...own.map(Math.abs)) || 1;
      own.forEach((weight, cell) => picture.children[cell].setAttribute("fill", kernelColour(weight, most)));
    });
    if (marked === null) return this.mark.remove();
    this.mark.setAttribute("x", marked % KERNEL);
    this.mark.setAttribute("y", Math.floor(marked / KERNEL) % KERNEL);
    return this.pictures[Math.floor(marked / size)].append(this.mark);
  }
}

// The loss, and the share of held-out digits that are read right, from 0 to 1, where it is known.
export function lossChart(label, { losses, every, accuracies }) {
  const steps = Math.max(1, losses.length * every, accuracies.at(-1)?.steps ?? 0);
  const most = Math.max(...losses.filter(Number.isFinite), 0) || 1;
  const x = (step) => EDGE + ((WIDE - 2 * EDGE) * step) / steps;
  const y = (share) => HIGH - EDGE - (HIGH - 2 * EDGE) * share;
  const path = (points) => points.map(([step, share]) => `${x(step).toFixed(1)},${y(share).toFixed(1)}`).join(" ");
  const known = losses.map((loss, i) => [(i + 0.5) * every, loss / most]).filter(([, share]) => Number.isFinite(share));
  return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label, class: "tour-chart" },
    svg("path", { d: `M${EDGE} ${EDGE}V${y(0)}H${WIDE - EDGE}`, class: "tour-axes" }),
    svg("polyline", { points: path(known), class: "tour-loss" }),
    svg("polyline", { points: path(accuracies.map((each) => [each.steps, each.accuracy])), class: "tour-right" }));
}

// The loss along one weight, and its tangent where the weight is now.
export function slopeChart(label, { weight, derivative, weights, losses }) {
  const middle = losses[(losses.length - 1) / 2];
  const [first, last] = [weights[0], weights.at(-1)];
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const room = 0.15 * (high - low) || 1e-9;
  const x = (value) => EDGE + ((WIDE - 2 * EDGE) * (value - first)) / (last - first);
  const y = (loss) => HIGH - 20 - ((HIGH - 28) * (loss - low + room)) / (high - low + 2 * room);
  const tangent = (value) => middle + derivative * (value - weight);
  const mark = (value, anchor) => svg("text", { x: x(value), y: HIGH - 4, "text-anchor": anchor }, written(value));
  const shown = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH - 18}`, width: WIDE, height: HIGH - 18 },
    svg("line", { x1: x(first), y1: y(tangent(first)), x2: x(last), y2: y(tangent(last)), class: "tour-tangent" }),
    svg("polyline", { points: [...weights].map((value, i) => `${x(value).toFixed(1)},${y(losses[i]).toFixed(1)}`).join(" "), class: "tour-loss" }),
    svg("circle", { cx: x(weight), cy: y(middle), r: 5, class: "is-known" })); // a steep tangent ends at the chart's edge
  return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label, class: "tour-chart" },
    svg("path", { d: `M${EDGE} ${HIGH - 19}H${WIDE - EDGE}`, class: "tour-axes" }), shown, mark(first, "start"), mark(weight, "middle"), mark(last, "end"));
}

// A line's look and what it is.
export function keyOf(entries) {
  const row = node("p", "soft tour-key");
  for (const [look, text] of entries) {
    const each = node("span");
    each.append(svg("svg", { viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" }, svg("line", { x1: 0, x2: 24, y1: 4, y2: 4, class: look })), text);
    row.append(each);
  }
  return row;
}

// Misread digits, and under each what it is and what was read.
export class Misread {
  constructor(digits, count) {
    this.digits = digits;
    this.element = node("div", "tour-misread");
    this.boxes = Array.from({ length: count }, () => {
      const box = node("figure");
      const canvas = digitCanvas();
      box.append(canvas, node("figcaption", "soft"));
      this.element.append(box);
      return { box, canvas, caption: box.lastChild };
    });
  }

  show(misread, tell) {
    this.boxes.forEach(({ box, canvas, caption }, i) => {
      const found = misread[i];
      box.style.visibility = found ? "visible" : "hidden";
      if (!found) return;
      const label = this.digits.labels[found.position];
      paintDigit(canvas, pictureAt(this.digits, found.position));
      caption.textContent = `${label} → ${found.answer}`;
      box.title = tell(label, found.answer);
    });
  }
}

export const digitCanvas = () => Object.assign(node("canvas", "pixels"), { width: SIDE, height: SIDE });

// Pixels from 0 (paper, black) to 1 (ink, white).
export function paintDigit(canvas, pixels) {
  const colours = Uint32Array.from(pixels, (value) => 0xff000000 + Math.round(255 * value) * 0x010101);
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(colours.buffer), SIDE, SIDE), 0, 0);
}

// A drawing as the network gets it, and the probability of each digit.
export function readingOf(pixels, probabilities, label) {
  const canvas = digitCanvas();
  paintDigit(canvas, pixels);
  const most = Math.max(...probabilities);
  const bars = svg("svg", { viewBox: "0 0 290 104", role: "img", "aria-label": label, class: "tour-chart" });
  for (let k = 0; k < CLASSES; k += 1) {
    const high = 70 * probabilities[k];
    bars.append(
      svg("rect", { x: k * 29 + 3, y: 84 - high, width: 23, height: Math.max(1, high), class: "is-known" }),
      svg("text", { x: k * 29 + 14.5, y: 100, "text-anchor": "middle", class: probabilities[k] === most ? "is-own" : "" }, String(k)),
      svg("text", { x: k * 29 + 14.5, y: 80 - high, "text-anchor": "middle" }, probabilities[k] === most ? percent(most) : ""));
  }
  const box = node("div", "tour-reading");
  box.append(canvas, bars);
  return box;
}
