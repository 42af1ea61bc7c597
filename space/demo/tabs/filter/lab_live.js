// The browser's own answers: a worker makes the map, first as fine as the screen, then all of it. The server is only told of the
// settings afterwards.

import { Requests } from "../../page/common.js";
import { responder } from "./responder.js";
import { refusal } from "./response.js";

const LONGEST_WAIT = 15_000; // milliseconds
const REST = 50; // milliseconds without a change, after which every value is computed: while a weight is dragged there is no time for it
const MOST = 1_000_000; // for weights and bias, as in settings.py; the divisor is no smaller than 1 / MOST
const isNumber = (value) => typeof value === "number" && Math.abs(value) <= MOST;

export class Live {
  constructor(lab) {
    Object.assign(this, { lab, isExact: false, first: 0, timer: null });
    this.requests = new Requests((number) => this.ask(number), LONGEST_WAIT);
    responder.join("map", {
      answered: (made) => this.receive(made),
      failed: () => { if (this.requests.pending) lab.send(); },
    });
  }

  // Are the pixels here of the photo that the laboratory speaks of?
  get isReady() { return responder.photo !== null && responder.photo === this.lab.value?.photo; }

  get isBusy() { return this.requests.pending || this.timer !== null; }

  // Answer to the settings as they are now -> whether that can be done here.
  respond() {
    if (!this.isReady) return false;
    this.rest();
    const problem = problemOf(this.lab.settings, this.lab.photo);
    if (problem) {
      this.overtake();
      this.lab.refuse(problem);
    } else {
      this.isExact = false;
      this.requests.now();
    }
    return true;
  }

  // What is under way is not to be shown any more.
  overtake() {
    this.rest();
    this.first = this.requests.number + 1;
  }

  ask(number) {
    const { settings, offered } = this.lab;
    const steps = settings.steps.map((step) => (step.kind === "filter" ? { ...presetOf(offered, step.name), ...step } : step));
    responder.ask("map", { number, settings: { ...settings, steps }, shown: this.isExact ? undefined : this.lab.screen() });
  }

  receive(made) {
    const isShown = made.number >= this.first && this.isReady;
    if (isShown) this.lab.takeLive(made);
    this.requests.settle(made.number); // of those that came meanwhile, the last is asked now
    if (!isShown || made.isWhole || this.requests.pending) return;
    this.timer = setTimeout(() => {
      this.rest();
      this.isExact = true;
      this.requests.now();
    }, REST);
  }

  rest() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}

export function presetOf({ presets }, name) {
  const { weights, divisor } = presets.find((preset) => preset.name === name);
  return { weights, divisor };
}

// Why these settings cannot be used, and at which part of the page that is said; or null.
function problemOf(settings, photo) {
  const { weights, divisor, bias } = settings;
  if (!weights.flat().every(isNumber)) return { place: "kernel", key: "error_kernel" };
  if (!isNumber(divisor) || Math.abs(divisor) < 1 / MOST) return { place: "kernel", key: "error_divisor" };
  if (!isNumber(bias)) return { place: "kernel", key: "error_bias" };
  const refused = refusal(photo, settings);
  return refused && { place: "geometry", key: `error_${refused}` };
}

// How many pixels the screen has for a box of this width and height.
export const screenOf = ({ clientWidth, clientHeight }) => ({
  width: Math.max(1, Math.round(clientWidth * devicePixelRatio)), height: Math.max(1, Math.round(clientHeight * devicePixelRatio)),
});

export function paint(canvas, { width, height, pixels }) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
}
