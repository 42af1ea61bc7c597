// How filters are learned: a network of 810 weights learns to read digits while one watches. One of its weights with its slope, a
// digit of one's own, and the same on the server, where one stands in line.

import { ARROWS, button, fill, node, within } from "../../../page/common.js";
import { Pad } from "../../../page/pad.js";
import { startLearning } from "../learning.js";
import { Filters, Misread, keyOf, lossChart, readingOf, slopeChart } from "../learning_view.js";
import { FILTERS, KERNEL, LiveNetwork, answerOf, asDigit, digitsOf } from "../live_math.js";
import { count, digits, few, percent, segments, slider } from "../parts.js";

const START = { seed: 1, rate: 0.05, noise: 0, view: "all", weight: 0, isRunning: false, snapshot: null, server: {} };
const BATCH = 32; // digits a step
const SHOWN = 8; // misread digits
const QUIET = 2000; // milliseconds between two sentences while it learns
const STILL = 1000; // between two pictures where motion is to be reduced
const isStill = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export async function draw(stage) {
  const { state } = stage;
  if (!state.seed) Object.assign(state, START, { pad: new Pad() });
  if (!state.digits) {
    const told = await stage.ask({ ask: "digits" });
    if (!told) return;
    state.digits = await digitsOf(told.digits);
    state.seconds = told.seconds;
    if (!stage.isOpen) return;
  }
  new Lesson(stage).open();
}

// The step while it is open.
class Lesson {
  constructor(stage) {
    Object.assign(this, { stage, words: stage.words, state: stage.state, saidAt: 0, shownAt: 0, frame: 0 });
    stage.closed = () => this.close();
  }

  open() {
    const { state, stage, words } = this;
    state.heard = (snapshot) => this.heard(snapshot);
    state.lineHeard = () => this.show(true);
    if (!state.send) {
      state.send = startLearning((snapshot) => state.heard(snapshot));
      state.send({ kind: "digits", digits: state.digits });
      this.begin();
    }
    this.filters = node("div", "tour-filters");
    this.filters.tabIndex = 0;
    this.filters.setAttribute("role", "application");
    this.filters.setAttribute("aria-label", words.filters);
    this.filters.addEventListener("pointerdown", (event) => this.pointed(event));
    this.filters.addEventListener("keydown", (event) => this.key(event));
    this.drawn = new Filters(this.filters);
    this.below = node("div", "tour-learned");
    this.misread = new Misread(state.digits, SHOWN);
    stage.picture.replaceChildren(this.filters, this.below);
    this.views = node("div", "tour-view");
    stage.controls.replaceChildren(...this.common(), this.views);
    this.turn(state.view);
    if (state.isRunning) state.send({ kind: "run" });
    if (state.snapshot) this.show(true);
  }

  // Another step, another language or another photo: only in the first case it stops for good.
  close() {
    const { state, stage: { tour } } = this;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    state.heard = (snapshot) => { state.snapshot = snapshot; };
    state.lineHeard = () => {};
    if (tour.props.steps[tour.number - 1].name !== "training") state.isRunning = false;
    state.send({ kind: "pause" });
  }

  begin() {
    const { state } = this;
    state.send({ kind: "begin", seed: state.seed, learningRate: state.rate, batchSize: BATCH, noise: state.noise });
  }

  // ---- controls
  common() {
    const { state, words } = this;
    const row = node("div", "tour-presets");
    this.start = button("action", "", () => this.run(!state.isRunning));
    row.append(
      this.start,
      button("action", words.step, () => { this.run(false); state.send({ kind: "step" }); }),
      button("action", words.again, () => { state.seed += 1; this.begin(); }));
    [...row.children].forEach((each, i) => { each.dataset.key = `training-${i}`; });
    const views = ["all", "weight", "digit", "server"].map((view) => [view, words[`view_${view}`]]);
    this.choice = segments(words.view, views, state.view, (view) => this.turn(view));
    return [row, this.choice,
      slider(words.rate, { low: 0, high: 0.5, step: 0.01, value: state.rate }, (value) => { state.rate = value; state.send({ kind: "rate", learningRate: value }); }),
      slider(words.noise, { low: 0, high: 100, step: 5, value: Math.round(100 * state.noise), unit: "%" }, (value) => {
        state.noise = value / 100; // the labels are spoiled before it begins
        this.begin();
      })];
  }

  run(isRunning) {
    this.state.isRunning = isRunning;
    this.state.send({ kind: isRunning ? "run" : "pause" });
    this.named();
  }

  named() { this.start.textContent = this.words[this.state.isRunning ? "pause" : "start"]; }

  turn(view) {
    const { state } = this;
    state.view = view;
    [...this.choice.children].forEach((each, i) => each.setAttribute("aria-pressed", String(["all", "weight", "digit", "server"][i] === view)));
    state.send({ kind: "look", weight: view === "weight" ? state.weight : null });
    this.views.replaceChildren(...{ digit: () => this.asking(), server: () => this.serving() }[view]?.() ?? []);
    this.named();
    if (state.snapshot) this.show(true);
  }

  asking() {
    const { state, words } = this;
    state.pad.named(words.pad, (isDown) => this.stage.say(words[isDown ? "pen_down" : "pen_up"]));
    const box = node("div", "tour-asking");
    const side = node("div");
    side.append(
      button("action", words.ask, () => this.ask()),
      button("action", words.clear, () => { state.pad.clear(); state.reading = null; this.show(true); }),
      node("p", "soft", words.keys));
    box.append(state.pad.element, side);
    return [box];
  }

  ask() {
    const { drawing, width, height } = this.state.pad.brightness;
    this.state.reading = { pixels: asDigit(drawing, width, height) };
    this.show(true);
  }

  serving() {
    const { state, words } = this;
    this.train = button("action", fill(words.train, { seconds: count(state.seconds) }), () => this.onServer());
    this.train.dataset.key = "train";
    return [this.train];
  }

  async onServer() {
    const { state, stage } = this;
    state.server = { isUnderWay: true, place: null };
    this.show(true);
    const settings = { seed: state.seed, learningRate: state.rate, batchSize: BATCH, noise: state.noise, seconds: state.seconds };
    const run = await stage.train(settings, (place) => { state.server.place = place; state.lineHeard(); });
    state.server = { run };
    state.lineHeard();
  }

  // ---- a weight of the filters
  pointed(event) {
    const at = [...this.filters.children].findIndex((each) => {
      const box = each.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right && event.clientY >= box.top && event.clientY < box.bottom;
    });
    if (at < 0) return;
    const box = this.filters.children[at].getBoundingClientRect();
    const cell = (share) => within(Math.floor(KERNEL * share), 0, KERNEL - 1);
    this.choose((at * KERNEL + cell((event.clientY - box.top) / box.height)) * KERNEL + cell((event.clientX - box.left) / box.width));
  }

  key(event) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    const { filter, row, column } = placeOf(this.state.weight);
    const across = within(filter * KERNEL + column + step[1], 0, FILTERS * KERNEL - 1);
    this.choose((Math.floor(across / KERNEL) * KERNEL + within(row + step[0], 0, KERNEL - 1)) * KERNEL + (across % KERNEL));
  }

  choose(weight) {
    this.state.weight = weight;
    this.saidAt = -QUIET; // what is said of it need not wait
    this.turn("weight");
  }

  // ---- what is seen
  heard(snapshot) {
    const { state, stage } = this;
    const isSettled = !snapshot.isRunning;
    state.snapshot = snapshot;
    if (snapshot.isRunning && (document.hidden || !stage.picture.checkVisibility())) return this.run(false);
    const wait = isStill() && !isSettled ? STILL - (performance.now() - this.shownAt) : 0;
    clearTimeout(this.timer);
    if (wait > 0) this.timer = setTimeout(() => this.show(false), wait);
    else if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.show(!this.state.snapshot.isRunning); });
    return undefined;
  }

  // isNow: with a sentence, which otherwise comes only now and then.
  show(isNow) {
    const { state, state: { snapshot } } = this;
    if (!snapshot) return;
    const run = state.view === "server" ? state.server.run : null;
    this.drawn.show(run?.filters ? Float64Array.from(run.filters.flat(2)) : snapshot.parameters, state.view === "weight" ? state.weight : null);
    this.shownAt = performance.now(); // after it, so that a slow drawing is no shorter in sight
    const isQuiet = !isNow && performance.now() - this.saidAt < QUIET;
    if (isQuiet && state.view === "weight") return; // its sentence and its slope are of the same step
    const said = this[`show_${state.view}`](snapshot);
    if (!said || isQuiet) return; // of a weight that was just chosen nothing is known yet
    this.saidAt = performance.now();
    this.stage.say(said);
    this.answer(snapshot);
  }

  show_all(snapshot) {
    const { words } = this;
    const values = this.valuesOf(snapshot);
    this.below.replaceChildren(
      keyOf([["tour-loss", fill(words.loss, values)], ["tour-right", fill(words.right, values)]]),
      lossChart(fill(words.chart, values), snapshot),
      node("p", "soft", words[snapshot.wrong ? "misread" : "misread_none"]), this.misread.element);
    this.misread.show(snapshot.misread, (label, answer) => fill(words.misread_as, { label, answer }));
    return fill(words.said, values);
  }

  show_weight({ slope }) {
    const { words, state } = this;
    if (slope?.index !== state.weight) return "";
    const values = { ...placeOf(slope.index, 1), weight: digits(slope.weight), slope: digits(slope.derivative), loss: few(middleOf(slope.losses)) };
    this.below.replaceChildren(
      keyOf([["tour-loss", words.along], ["tour-tangent", fill(words.tangent, values)]]), slopeChart(fill(words.slope, values), slope),
      node("p", "tour-number", fill(words.gradient, values)));
    return fill(words[`said_${wayOf(slope.derivative)}`], values);
  }

  show_digit(snapshot) {
    const { words, state: { reading } } = this;
    if (!reading?.pixels) {
      this.below.replaceChildren(node("p", "tour-number", words[reading ? "nothing" : "hint"]));
      return words[reading ? "nothing" : "hint"];
    }
    const network = new LiveNetwork();
    network.parameters.set(snapshot.parameters);
    const probabilities = network.forward(reading.pixels);
    const answer = answerOf(probabilities);
    const said = fill(words.read, { answer, share: percent(probabilities[answer]), steps: count(snapshot.steps) });
    this.below.replaceChildren(readingOf(reading.pixels, probabilities, words.probabilities), node("p", "soft", words.seen));
    return said;
  }

  show_server(snapshot) {
    const { words, state: { server, seconds } } = this;
    this.train.disabled = Boolean(server.isUnderWay);
    const { place, run } = server;
    if (!run?.steps) {
      this.below.replaceChildren(node("p", "tour-number", server.isUnderWay ? words.own : fill(words.idle, { seconds: count(seconds) })));
      if (!server.isUnderWay) return run?.problem ?? fill(words.said, this.valuesOf(snapshot));
      return place?.isWaiting ? fill(words.waiting, { before: count(place.before), seconds: count(place.seconds) }) : words.turn;
    }
    const every = run.steps / run.loss.length;
    const values = {
      steps: count(run.steps), took: digits(run.seconds), first: few(run.loss[0] ?? NaN), loss: few(run.loss.at(-1) ?? NaN), share: percent(run.accuracy),
      wrong: count(run.wrong), heldOut: count(run.held_out),
    };
    this.below.replaceChildren(keyOf([["tour-loss", words.of_server]]), lossChart(fill(words.chart, values), { losses: run.loss.map((loss) => loss ?? NaN), every, accuracies: [] }));
    return fill(words.done, values);
  }

  answer(snapshot) {
    const { words, stage, state } = this;
    const values = this.valuesOf(snapshot);
    const { slope } = snapshot;
    const own = slope ? [fill(words[`answer_${wayOf(slope.derivative)}`], { ...placeOf(slope.index, 1), slope: digits(slope.derivative), rate: digits(state.rate) })] : [words.answer_pick];
    stage.answer(fill(words.answer_loss, values), ...own, words.answer_why);
  }

  valuesOf({ steps, loss, first, accuracy, wrong, heldOut, batchSize }) {
    return { steps: count(steps), loss: few(loss), first: few(first), share: percent(accuracy), wrong: count(wrong), heldOut: count(heldOut), batch: batchSize };
  }
}

// Where a weight of the filters stands, counted from 0 or 1.
const placeOf = (index, from = 0) => ({
  filter: Math.floor(index / KERNEL ** 2) + from, row: (Math.floor(index / KERNEL) % KERNEL) + from, column: (index % KERNEL) + from,
});
const middleOf = (values) => values[(values.length - 1) / 2];

// Down the slope: against the derivative.
const wayOf = (derivative) => (derivative ? (derivative < 0 ? "grow" : "shrink") : "flat");
