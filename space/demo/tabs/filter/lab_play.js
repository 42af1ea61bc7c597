// Play: the window walks over the picture, row by row, and the map fills behind it. Slow at first, so that each
// step can be followed, then faster and faster. Who asked for less motion steps by the button alone.

import { photo as photoPicture } from "../../page/photo.js";
import { padding, reach } from "./lab_math.js";

const SLOW_SECONDS = 4; // of 1.6 values a second
const LAST_SECONDS = 7; // about how long the fast rest takes
const MARGIN = 40; // pixels between the walked row and the edge of the screen
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

export class Walk {
  constructor(lab) {
    Object.assign(this, { lab, at: null, running: false, since: 0, last: 0 });
    lab.find(".play").addEventListener("click", () => this.play());
    lab.find(".step").addEventListener("click", () => this.step());
    lab.find(".end").addEventListener("click", () => { this.stop(); this.draw(); });
    CALM.addEventListener("change", () => this.draw());
  }

  // -> [row, column], or null where nobody walks.
  get point() {
    if (this.at === null) return null;
    const { width } = this.lab.value.map;
    return [Math.floor(Math.floor(this.at) / width), Math.floor(this.at) % width];
  }
  get count() { return this.lab.value.map.width * this.lab.value.map.height; }

  play() {
    if (!this.lab.value?.map) return;
    this.running = !this.running;
    if (this.at === null) this.at = this.since = 0;
    this.last = performance.now();
    if (this.running) requestAnimationFrame((now) => this.tick(now));
    this.draw();
    this.keepInSight();
  }

  step() {
    if (!this.lab.value?.map) return;
    this.running = false;
    this.at = this.at === null ? 0 : Math.floor(this.at) + 1;
    if (this.at >= this.count) this.stop();
    this.draw();
    this.keepInSight();
    this.lab.announce();
  }

  // Without drawing: whoever calls draws.
  stop() { this.at = null; this.running = false; }

  tick(now) {
    if (!this.running || !this.lab.element.offsetParent) { this.running = false; return; }
    const seconds = Math.min(0.1, (now - this.last) / 1000);
    this.last = now;
    this.since += seconds;
    this.at += seconds * Math.min(this.count / LAST_SECONDS, 1.6 * 2 ** (Math.max(0, this.since - SLOW_SECONDS) / 0.45));
    if (this.at >= this.count) this.stop();
    else requestAnimationFrame((next) => this.tick(next));
    this.draw();
    this.keepInSight();
  }

  // The row that is walked stays on the screen, below the photo where that sticks to the top.
  keepInSight() {
    if (this.at === null) return;
    const box = this.lab.find(".map").getBoundingClientRect();
    const y = box.top + (box.height * (this.point[0] + 0.5)) / this.lab.value.map.height;
    const photo = document.querySelector(".photo-stage");
    const top = (getComputedStyle(photo).position === "sticky" ? photo.offsetHeight : 0) + MARGIN;
    const beyond = Math.min(0, y - top) || Math.max(0, y - (innerHeight - MARGIN));
    if (beyond) scrollBy({ top: beyond, behavior: "instant" });
  }

  // The part of the map that is not computed yet lies under a veil with the photo on it.
  draw() {
    const { lab } = this;
    const veil = lab.find(".veil");
    const active = this.at !== null;
    if (active && veil.hidden) this.layVeil(veil);
    veil.hidden = !active;
    if (active) {
      const [row, column] = this.point;
      const { width, height } = lab.value.map;
      const [x, y, next] = [(100 * (column + 1)) / width, (100 * row) / height, (100 * (row + 1)) / height];
      veil.style.clipPath = `polygon(${x}% ${y}%, 100% ${y}%, 100% 100%, 0 100%, 0 ${next}%, ${x}% ${next}%)`;
    }
    const { words } = lab;
    lab.find(".play").textContent = this.running ? words.play_pause : active ? words.play_on : words.play_start;
    lab.find(".play").hidden = CALM.matches;
    lab.find(".end").hidden = !active;
    lab.drawPoint();
  }

  // Where the photo lies under the map: value (r, c) sees the pixels around (r S - P + reach / 2).
  layVeil(veil) {
    const { photo, answered, value } = this.lab;
    if (!photo) return;
    const { stride } = answered;
    const start = -padding(answered) + (reach(answered) - stride) / 2;
    const [across, down] = [value.map.width * stride, value.map.height * stride]; // pixels of the photo along the map
    const shift = (whole, shown) => (whole === shown ? 0 : (100 * -start) / (shown - whole));
    veil.style.backgroundImage = `url("${photoPicture().currentSrc || photoPicture().src}")`;
    veil.style.backgroundSize = `${(100 * photo.width) / across}% ${(100 * photo.height) / down}%`;
    veil.style.backgroundPosition = `${shift(photo.width, across)}% ${shift(photo.height, down)}%`;
  }
}
