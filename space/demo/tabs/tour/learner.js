// Lets the small network learn, in slices, and tells a few times a second how it stands. It runs in a worker, or where there is
// none between two frames of the page; see learning.js.

import { Training, answerOf } from "./live_math.js";

const POINTS = 100; // of a curve, up to twice as many
const SHOWN = 8; // misread digits
const PATIENCE = 2; // reading all held-out digits takes at most a third of the time

export class Learner {
  // post(snapshot) is called with what is known; slice: milliseconds of work before it listens again.
  constructor(post, slice) {
    Object.assign(this, { post, slice, digits: null, training: null, weight: null, timer: null, isRunning: false });
  }

  take({ kind, ...given }) {
    ({
      digits: () => { this.digits = given.digits; },
      begin: () => this.begin(given),
      run: () => this.run(),
      pause: () => this.pause(),
      step: () => { this.pause(); this.advance(); this.tell(true); },
      rate: () => { this.training.learningRate = given.learningRate; },
      look: () => this.lookAt(given.weight),
    })[kind]();
  }

  lookAt(weight) {
    if (weight === this.weight) return;
    this.weight = weight;
    if (!this.isRunning) this.tell(true);
  }

  begin(settings) {
    this.training = new Training(this.digits, settings);
    Object.assign(this, { curve: new Curve(), accuracies: [], first: null, known: null, last: 0, cost: 0 });
    this.tell(true);
  }

  run() {
    if (this.isRunning) return;
    this.isRunning = true;
    this.work();
  }

  pause() {
    clearTimeout(this.timer);
    if (!this.isRunning) return;
    this.isRunning = false;
    this.tell(true);
  }

  work() {
    const end = performance.now() + this.slice;
    do this.advance(); while (performance.now() < end);
    this.tell(false);
    this.timer = setTimeout(() => this.work(), 0);
  }

  advance() { this.curve.add(this.training.step()); }

  // isWhole: with all that takes longer, of this very step; otherwise that may be of an earlier one.
  tell(isWhole) {
    if (isWhole || performance.now() - this.last >= PATIENCE * this.cost) this.look();
    const { curve: { every, means }, accuracies, known, first, isRunning, training } = this;
    this.post({ every, losses: means.slice(), accuracies: accuracies.slice(), ...known, first, isRunning, parameters: training.network.parameters.slice() });
  }

  look() {
    const began = performance.now();
    const { training } = this;
    const { pictures, labels } = training.ofBatch();
    const loss = training.network.loss(pictures, labels);
    this.first ??= loss;
    const wrong = training.wrong();
    const accuracy = 1 - wrong.length / training.heldOut.length;
    this.accuracies = halved([...this.accuracies.filter(({ steps }) => steps < training.steps), { steps: training.steps, accuracy }]);
    this.known = {
      steps: training.steps, loss, accuracy, wrong: wrong.length, heldOut: training.heldOut.length, batchSize: training.batchSize,
      misread: [...wrong.subarray(0, SHOWN)].map((position) => ({ position, answer: this.readAt(position) })),
      slope: this.weight === null ? null : { index: this.weight, ...training.slope(this.weight) },
    };
    this.last = performance.now();
    this.cost = this.last - began;
  }

  readAt(position) { return answerOf(this.training.network.activations(this.training.at([position]).pictures).logits); }
}

// Losses, thinned as they become many: the mean of each `every` of them.
class Curve {
  constructor() { Object.assign(this, { every: 1, means: [], sum: 0, count: 0 }); }

  add(loss) {
    this.sum += loss;
    this.count += 1;
    if (this.count < this.every) return;
    this.means.push(this.sum / this.count);
    Object.assign(this, { sum: 0, count: 0 });
    if (this.means.length < 2 * POINTS) return;
    this.means = Array.from({ length: POINTS }, (_, i) => (this.means[2 * i] + this.means[2 * i + 1]) / 2);
    this.every *= 2;
  }
}

// Every second point of too many, the last one among them.
const halved = (points) => (points.length < 2 * POINTS ? points : points.filter((_, i) => i === 0 || (points.length - i) % 2 === 1));
