// The spots that are pinned on the photo: a click on the photo pins one, arrow keys move it, a click or Delete takes it away. The
// channels that answer most there then come first.

import { ARROWS, button, fill, within } from "../../page/common.js";
import { layAt, onResize, photo, pointedAt } from "../../page/photo.js";
import { gallery, isPinning, now } from "./look.js";

const STEP = 0.01; // of the photo's side, a press of an arrow key
const SETTLED = 300; // milliseconds without a key
const TOUCH = 4; // pixels, less than a finger moves where it drags
const SIDE = 28; // pixels, of what can be clicked

// root: the gallery; ask(changes) has the server show another look.
export class Spots {
  constructor(root, ask) {
    Object.assign(this, { root, ask, spots: [], pins: [], before: "varied", timer: null });
    document.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.draw()).observe(root);
    onResize(() => this.draw());
  }

  get isShown() { return Boolean(gallery()) && this.root.offsetParent !== null; }

  // The server shows a gallery.
  arrived() {
    const { order, spot } = now();
    if (order && order !== "spot") this.before = order;
    if (this.timer === null && !isPinning()) this.spots = spotsIn(spot ?? "");
    this.draw();
  }

  clicked(event) {
    const place = this.isShown && event.target === photo() ? pointedAt(event) : null;
    if (place) this.pin(place);
  }

  // Another spot; of too many the oldest goes.
  pin(place) {
    this.spots = [...this.spots, place].slice(-gallery().most_spots);
    this.tell();
  }

  // In the middle, for the keys to move.
  pinMiddle() {
    this.pin({ x: 0.5, y: 0.5 });
    this.pins.at(-1).focus();
  }

  remove(index) {
    this.spots = this.spots.filter((_, each) => each !== index);
    this.tell();
    (this.pins[Math.min(index, this.spots.length - 1)] ?? this.root.querySelector("[data-key=spot]"))?.focus();
  }

  removeAll() {
    this.spots = [];
    this.tell();
    this.root.querySelector("[data-key=spot]")?.focus();
  }

  move(index, [down, right]) {
    const { x, y } = this.spots[index];
    this.spots[index] = { x: within(x + STEP * right, 0, 1), y: within(y + STEP * down, 0, 1) };
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), SETTLED);
  }

  key(event, index) {
    const isMove = event.key in ARROWS;
    if (!isMove && !["Enter", " ", "Delete", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    if (isMove) this.move(index, ARROWS[event.key].map((steps) => steps * (event.shiftKey ? 5 : 1)));
    else if (event.key === "Enter" || event.key === " ") this.tell();
    else this.remove(index);
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = null;
    const spot = this.spots.map(({ x, y }) => `${share(x)},${share(y)}`).join(";");
    const { order } = now();
    this.draw();
    this.ask({ spot, of: gallery().photo, order: spot ? "spot" : order === "spot" ? this.before : order, page: null, channel: null });
  }

  draw() {
    const spots = this.isShown ? this.spots : [];
    photo()?.parentElement.classList.toggle("is-pinnable", this.isShown);
    while (this.pins.length > spots.length) this.pins.pop().remove();
    while (this.pins.length < spots.length) this.pins.push(this.made(this.pins.length));
    spots.forEach(({ x, y }, index) => {
      const [pin, { words }] = [this.pins[index], gallery()];
      layAt(pin, { x, y }, SIDE);
      const told = { number: index + 1, x: Math.round(100 * x), y: Math.round(100 * y) };
      pin.title = fill(words.spot_pin, told);
      pin.setAttribute("aria-label", pin.title);
    });
  }

  // A pin follows the finger; what is only touched is a click.
  letDrag(pin, index) {
    pin.addEventListener("pointerdown", (event) => {
      pin.setPointerCapture(event.pointerId);
      [this.isDragged, this.from] = [false, { x: event.clientX, y: event.clientY }];
    });
    pin.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (!this.from) return;
      if (Math.hypot(clientX - this.from.x, clientY - this.from.y) > TOUCH) this.isDragged = true;
      const place = this.isDragged ? pointedAt({ target: photo(), clientX, clientY }) : null;
      if (!place) return;
      this.spots[index] = place;
      this.draw();
    });
    const end = () => {
      if (this.from && this.isDragged) this.tell();
      this.from = null;
    };
    pin.addEventListener("pointerup", end);
    pin.addEventListener("pointercancel", end);
  }

  made(index) {
    // not the second click of two that pinned it
    const pin = button("photo-pin", undefined, (event) => { if (event.detail < 2 && !this.isDragged) this.remove(index); });
    pin.addEventListener("keydown", (event) => this.key(event, index));
    this.letDrag(pin, index);
    return pin;
  }
}

const share = (value) => Number(within(value, 0, 1).toFixed(3));

// "0.31,0.12;0.6,0.12", as Python writes it
function spotsIn(text) {
  return text.split(";").filter(Boolean).map((each) => each.split(",").map(Number)).map(([x, y]) => ({ x, y }));
}
