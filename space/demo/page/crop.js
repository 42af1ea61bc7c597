// A crop of the photo, set by dragging or by the keys, in shares of the photo's sides.

import { ARROWS, node, within } from "./common.js";

const LEAST = 0.05;

export class Crop {
  // column: the photo column, whose photo it is.
  constructor(column) {
    Object.assign(this, { column, part: null, box: node("div", "crop-box") });
    this.box.hidden = true;
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.addEventListener("keydown", (event) => this.key(event));
    column.frame.addEventListener("pointerdown", (event) => this.grip(event));
    window.addEventListener("resize", () => this.draw());
  }

  // What is cropped, {x, y, w, h}; null ends it.
  set(part) {
    this.part = part;
    this.box.hidden = !part;
    this.draw();
  }

  draw() { if (this.part) this.column.layOver(this.box, this.part); }

  // -> the crop in the photo's own pixels: left, top, width, height.
  pixels(width, height) {
    const { x, y, w, h } = this.part;
    const side = (share, whole) => Math.max(1, Math.round(share * whole));
    return [Math.round(x * width), Math.round(y * height), side(w, width), side(h, height)];
  }

  key(event) {
    if (event.key === "Enter") return this.column.useCrop();
    if (event.key === "Escape") return this.column.endCrop();
    const { part } = this;
    if (!part || !ARROWS[event.key]) return;
    event.preventDefault();
    const [down, right] = ARROWS[event.key];
    if (event.shiftKey) {
      part.w = within(part.w + 0.02 * right, LEAST, 1 - part.x);
      part.h = within(part.h + 0.02 * down, LEAST, 1 - part.y);
    } else {
      part.x = within(part.x + 0.02 * right, 0, 1 - part.w);
      part.y = within(part.y + 0.02 * down, 0, 1 - part.h);
    }
    this.draw();
  }

  grip(event) {
    if (!this.part) return;
    event.preventDefault();
    const { frame } = this.column;
    frame.setPointerCapture(event.pointerId);
    const moves = event.target === this.box;
    const [from, old] = [this.place(event), { ...this.part }];
    const drag = (now) => {
      const to = this.place(now);
      this.part = moves
        ? { ...old, x: within(old.x + to.x - from.x, 0, 1 - old.w), y: within(old.y + to.y - from.y, 0, 1 - old.h) }
        : { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y),
            w: Math.max(Math.abs(to.x - from.x), LEAST), h: Math.max(Math.abs(to.y - from.y), LEAST) };
      this.part.w = Math.min(this.part.w, 1 - this.part.x);
      this.part.h = Math.min(this.part.h, 1 - this.part.y);
      this.draw();
    };
    frame.addEventListener("pointermove", drag);
    frame.addEventListener("pointerup", () => frame.removeEventListener("pointermove", drag), { once: true });
  }

  place(event) {
    const [rect, box] = [this.column.frame.getBoundingClientRect(), this.column.box()];
    const share = (at, start, side) => within((at - start) / side, 0, 1 - LEAST);
    return { x: share(event.clientX, rect.left + box.left, box.width), y: share(event.clientY, rect.top + box.top, box.height) };
  }
}
