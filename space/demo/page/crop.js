// A crop of the photo, set by dragging or by the keys, in shares of the photo's sides.

import { node, within } from "./common.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LEAST = 0.05;

export class Crop {
  // frame: the photo's box. photoBox(): where the photo lies in it, in CSS pixels. use(): the crop was confirmed.
  constructor(frame, photoBox, use) {
    Object.assign(this, { frame, photoBox, use, part: null, box: node("div", "crop-box") });
    this.box.hidden = true;
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.addEventListener("keydown", (event) => this.key(event));
    frame.addEventListener("pointerdown", (event) => this.grip(event));
    window.addEventListener("resize", () => this.draw());
  }

  start(ended) {
    this.ended = ended;
    this.part = { x: 0.15, y: 0.15, w: 0.7, h: 0.7 };
    this.box.hidden = false;
    this.draw();
  }

  end() {
    if (!this.part) return;
    this.part = null;
    this.box.hidden = true;
    this.ended();
  }

  draw() {
    if (!this.part) return;
    const { x, y, w, h } = this.part;
    const box = this.photoBox();
    Object.assign(this.box.style, {
      left: `${box.left + x * box.width}px`, top: `${box.top + y * box.height}px`,
      width: `${w * box.width}px`, height: `${h * box.height}px`,
    });
  }

  // -> the crop in the photo's own pixels: left, top, width, height.
  pixels(width, height) {
    const { x, y, w, h } = this.part;
    return [Math.round(x * width), Math.round(y * height), Math.max(1, Math.round(w * width)), Math.max(1, Math.round(h * height))];
  }

  key(event) {
    if (event.key === "Enter") return this.use();
    if (event.key === "Escape") return this.end();
    const [right, down] = STEPS[event.key] ?? [];
    if (right === undefined || !this.part) return;
    event.preventDefault();
    const { part } = this;
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
    this.frame.setPointerCapture(event.pointerId);
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
    this.frame.addEventListener("pointermove", drag);
    this.frame.addEventListener("pointerup", () => this.frame.removeEventListener("pointermove", drag), { once: true });
  }

  place(event) {
    const rect = this.frame.getBoundingClientRect();
    const box = this.photoBox();
    return {
      x: within((event.clientX - rect.left - box.left) / box.width, 0, 1 - LEAST),
      y: within((event.clientY - rect.top - box.top) / box.height, 0, 1 - LEAST),
    };
  }
}
