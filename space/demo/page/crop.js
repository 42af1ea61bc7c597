// A crop of the photo, set by dragging its handles, its middle or a new one, or by the keys, in shares of the photo's sides.

import { ARROWS, node, within } from "./common.js";

const LEAST = 0.05;
const STEP = 0.02; // of the photo's side, a press of an arrow key
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"]; // the edges that each moves, by the compass

export class Crop {
  // column: the photo column, whose photo it is.
  constructor(column) {
    const [box, shade, hole] = ["crop-box", "crop-shade", "crop-hole"].map((name) => node("div", name));
    Object.assign(this, { column, part: null, box, shade, hole });
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    this.handles = HANDLES.map((edges) => {
      const handle = node("button", `crop-handle at-${edges}`);
      handle.type = "button";
      handle.dataset.edges = edges;
      return handle;
    });
    box.append(...this.handles);
    shade.append(hole);
    box.addEventListener("keydown", (event) => this.key(event));
    column.frame.addEventListener("pointerdown", (event) => this.grip(event));
    new ResizeObserver(() => this.draw()).observe(column.frame);
    this.set(null);
  }

  // What is cropped, {x, y, w, h}; null ends it.
  set(part) {
    this.part = part;
    this.box.hidden = this.shade.hidden = !part;
    this.draw();
  }

  draw() {
    if (this.part) for (const mark of [this.box, this.hole]) this.column.layOver(mark, this.part);
  }

  drawWords(words) {
    this.box.setAttribute("aria-label", words.crop_box);
    this.handles.forEach((handle) => handle.setAttribute("aria-label", words[`crop_${handle.dataset.edges}`]));
  }

  // -> the crop in the photo's own pixels: left, top, width, height.
  pixels(width, height) {
    const { x, y, w, h } = this.part;
    const side = (share, whole) => Math.max(1, Math.round(share * whole));
    return [Math.round(x * width), Math.round(y * height), side(w, width), side(h, height)];
  }

  key(event) {
    const { edges } = event.target.dataset;
    if (event.key === "Enter") { event.preventDefault(); return this.column.useCrop(); }
    if (event.key === "Escape") return this.column.endCrop();
    if (!this.part || !ARROWS[event.key]) return;
    event.preventDefault();
    const [down, right] = ARROWS[event.key];
    this.part = pulled(this.part, edges ?? (event.shiftKey ? "se" : ""), STEP * right, STEP * down);
    this.draw();
  }

  grip(event) {
    if (!this.part) return;
    event.preventDefault();
    const { frame } = this.column;
    const isHere = this.box.contains(event.target);
    if (isHere) event.target.focus();
    frame.setPointerCapture(event.pointerId);
    const [from, old, { edges = "" }] = [this.place(event), this.part, event.target.dataset];
    const drag = (now) => {
      const to = this.place(now);
      this.part = isHere ? pulled(old, edges, to.x - from.x, to.y - from.y) : between(from, to);
      this.draw();
    };
    frame.addEventListener("pointermove", drag);
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, () => frame.removeEventListener("pointermove", drag), { once: true });
    }
  }

  place(event) {
    const [rect, box] = [this.column.frame.getBoundingClientRect(), this.column.box()];
    const share = (at, start, side) => within((at - start) / side, 0, 1);
    return { x: share(event.clientX, rect.left + box.left, box.width), y: share(event.clientY, rect.top + box.top, box.height) };
  }
}

// A part with some of its edges moved, or all of it where none is named; it stays inside the photo.
function pulled({ x, y, w, h }, edges, right, down) {
  if (!edges) return { x: within(x + right, 0, 1 - w), y: within(y + down, 0, 1 - h), w, h };
  const moved = (start, end, by, first, last) => [
    edges.includes(first) ? within(start + by, 0, end - LEAST) : start,
    edges.includes(last) ? within(end + by, start + LEAST, 1) : end,
  ];
  const [[left, end], [top, bottom]] = [moved(x, x + w, right, "w", "e"), moved(y, y + h, down, "n", "s")];
  return { x: left, y: top, w: end - left, h: bottom - top };
}

// The part between two corners.
function between(one, other) {
  const w = Math.max(Math.abs(one.x - other.x), LEAST);
  const h = Math.max(Math.abs(one.y - other.y), LEAST);
  return { x: Math.min(one.x, other.x, 1 - w), y: Math.min(one.y, other.y, 1 - h), w, h };
}
