// A square to draw into, white on black: by finger or mouse, or by keys, arrows that move a pen and space that puts it down or lifts it.

import { ARROWS, node, within } from "./common.js";

const SIDE = 128; // pixels
const [PEN, STEP] = [12, 8]; // the stroke's width, and how far an arrow moves it
const [DIGIT, PAGE] = [200, 280]; // pixels: the longer side of what was drawn, and of the page around it, as MNIST's digits stand

export class Pad {
  constructor() {
    this.canvas = Object.assign(node("canvas"), { width: SIDE, height: SIDE });
    this.element = node("div", "pad");
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    this.pen = node("i", "pad-pen");
    this.element.append(this.canvas, this.pen);
    Object.assign(this, { x: SIDE / 2, y: SIDE / 4, isDown: false, drawing: null });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(this.context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    this.clear();
    this.listen();
  }

  // penMoved(isDown) is called when a key puts the pen down or lifts it.
  named(label, penMoved) {
    this.element.setAttribute("aria-label", label);
    this.penMoved = penMoved;
  }

  clear() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.isDown = false;
    this.place();
  }

  // Brightness, 0 to 255, row by row, as `asDigit` takes it.
  get brightness() {
    const { data } = this.context.getImageData(0, 0, SIDE, SIDE);
    return { drawing: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i]), width: SIDE, height: SIDE };
  }

  // What was drawn, as a file: in the middle of a black page, all of it to be seen. Null where nothing was.
  async asFile(name) {
    const { drawing } = this.brightness;
    const places = [...drawing.keys()].filter((i) => drawing[i]);
    if (!places.length) return null;
    const [across, down] = [places.map((i) => i % SIDE), places.map((i) => Math.floor(i / SIDE))].map((all) => [Math.min(...all), Math.max(...all) + 1]);
    const [width, height] = [across[1] - across[0], down[1] - down[0]];
    const scale = DIGIT / Math.max(width, height);
    const page = Object.assign(node("canvas"), { width: PAGE, height: PAGE });
    const context = page.getContext("2d");
    context.fillRect(0, 0, PAGE, PAGE);
    const [left, top] = [(PAGE - width * scale) / 2, (PAGE - height * scale) / 2];
    context.drawImage(this.canvas, across[0], down[0], width, height, left, top, width * scale, height * scale);
    return new File([await new Promise((done) => { page.toBlob(done, "image/png"); })], name, { type: "image/png" });
  }

  listen() {
    const { element } = this;
    const at = ({ clientX, clientY }) => {
      const box = this.canvas.getBoundingClientRect();
      return [((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE];
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      element.setPointerCapture(event.pointerId);
      [this.x, this.y] = at(event);
      this.drawing = event.pointerId;
      this.line(this.x, this.y);
    });
    element.addEventListener("pointermove", (event) => { if (event.pointerId === this.drawing) this.line(...at(event)); });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => { this.drawing = null; });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const step = ARROWS[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    if (step) {
      const [x, y] = [within(this.x + STEP * step[1], 0, SIDE), within(this.y + STEP * step[0], 0, SIDE)];
      if (this.isDown) this.line(x, y);
      else [this.x, this.y] = [x, y];
    } else {
      this.isDown = !this.isDown;
      if (this.isDown) this.line(this.x, this.y);
      this.penMoved?.(this.isDown);
    }
    this.place();
  }

  line(x, y) {
    this.context.beginPath();
    this.context.moveTo(this.x, this.y);
    this.context.lineTo(x, y);
    this.context.stroke();
    [this.x, this.y] = [x, y];
    this.place();
  }

  place() {
    Object.assign(this.pen.style, { left: `${(100 * this.x) / SIDE}%`, top: `${(100 * this.y) / SIDE}%` });
    this.pen.classList.toggle("is-down", this.isDown);
  }
}
