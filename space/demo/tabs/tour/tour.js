// The tour: one step at a time, its words beside its picture. A step's module draws the picture and its controls, see `Stage`.
// props.value, .words, .steps and .told are made by tab.py, props.pixels by photo/pixels.py.

import { query, set } from "../../page/address.js";
import { button, bytesOf, fill, node, within } from "../../page/common.js";
import { unpacked } from "../filter/lab_math.js";
import { tableOf } from "../filter/response.js";
import { printSheet } from "./sheet.js";
import * as finalAnswer from "./steps/answer.js";
import * as dense from "./steps/dense.js";
import * as edge from "./steps/edge.js";
import * as fields from "./steps/fields.js";
import * as mapping from "./steps/mapping.js";
import * as patterns from "./steps/patterns.js";
import * as pixels from "./steps/pixels.js";
import * as pooling from "./steps/pooling.js";
import * as training from "./steps/training.js";
import * as transfer from "./steps/transfer.js";
import * as trust from "./steps/trust.js";
import * as volume from "./steps/volume.js";
import * as weights from "./steps/weights.js";

const MODULES = { mapping, pixels, dense, weights, patterns, edge, volume, pooling, fields, answer: finalAnswer, training, transfer, trust };
const LONGEST = 15_000; // milliseconds, for an answer that may be lost
const POLL = 700; // milliseconds between two questions for one's place in line
const AHEAD = ["digits", "transfer"]; // questions of no photo
const LEISURE = 2000; // milliseconds after which they are asked
const SLOW = 400; // milliseconds, after which is said that the network is being asked
const FLAT = 1; // standard deviation of the brightness, of 255, below which a photo shows nothing

export function mount(gradio, { colours }) {
  const tour = new Tour(gradio);
  tour.colours = Object.fromEntries(Object.entries(colours).map(([name, packed]) => [name, tableOf(bytesOf(packed))]));
  gradio.watch("value", () => tour.photoChosen());
  gradio.watch("pixels", () => tour.pixelsCame());
  gradio.watch(["words", "steps"], () => tour.draw());
  gradio.watch("told", () => tour.toldSo());
  gradio.watch("trained", () => tour.trainedSo());
  gradio.watch("place", () => tour.placeCame());
  window.addEventListener("popstate", () => tour.turnTo(asked(tour.props.steps.length)));
  tour.photoChosen();
  setTimeout(() => tour.fetchAhead(), LEISURE);
}

// The step that the address asks for, from 1.
function asked(count) {
  const number = Number(query().get("step") ?? 1);
  return Number.isInteger(number) ? within(number, 1, count) : 1;
}

// What a step's `draw(stage)` gets.
class Stage {
  // picture, controls: elements to fill. words: the step's strings. state: the step's own, kept as long as the page is open.
  // photo: its pixels, see `unpacked`, where the step needs them. title: of the network that is chosen.
  constructor(tour, step, parts) {
    Object.assign(this, { tour, ...parts, words: step.words, language: tour.props.language, photo: tour.photo, isOpen: true });
    this.state = tour.states[step.name] ??= {};
    this.title = tour.props.value?.title;
  }

  // What was just seen, in a sentence.
  say(text) { if (this.said.textContent !== text) this.said.textContent = text; }

  // What opens below the question.
  answer(...paragraphs) { this.answered.replaceChildren(...paragraphs.map((text) => node("p", "", text))); }

  // Ask the network -> its answer, or null where that is no longer wanted or was lost. write: where is said that it takes a while,
  // and why there is no answer.
  async ask(question, write = (text) => this.say(text)) {
    this.picture.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => { if (this.isOpen) write(this.tour.props.words.tour_asking); }, SLOW);
    const told = await this.tour.ask({ ...question });
    clearTimeout(slow);
    if (!this.isOpen) return null;
    this.picture.removeAttribute("aria-busy");
    if (!told || told.problem) write(told?.problem ?? this.tour.props.words.tour_lost);
    return told && !told.problem ? told : null;
  }

  // Have the server train -> what came of it, or { problem }; heard(place) is called while one waits for it.
  train(settings, heard) { return this.tour.train(settings, heard); }
}

class Tour {
  constructor({ element, props, trigger }) {
    Object.assign(this, { props, trigger, root: element.querySelector(".tour"), states: {}, photo: null, stage: null, trains: null });
    Object.assign(this, { number: asked(props.steps.length), questions: 0, waiting: new Map(), known: new Map() });
  }

  // ---- what comes from the server
  photoChosen() {
    const { value } = this.props;
    if (this.photo?.id !== value?.photo) this.photo = null;
    this.draw();
    if (value?.photo && !this.photo) this.trigger("want_pixels", {});
  }

  async pixelsCame() {
    const { pixels: packed, value } = this.props;
    if (!packed || packed.id !== value?.photo) return;
    const photo = packed.problem ? packed : await unpacked(packed);
    if (photo.id !== this.props.value?.photo || this.photo?.id === photo.id) return;
    this.photo = photo;
    this.draw();
  }

  // What depends on no photo is asked once, when the page has nothing else to do: its steps then need no connection.
  fetchAhead() {
    for (const ask of AHEAD) this.ask({ ask });
  }

  ask(question) {
    const key = `${this.props.language} ${question.ask}`;
    if (!AHEAD.includes(question.ask)) return this.asked(question);
    if (!this.known.has(key)) {
      const told = this.asked(question);
      this.known.set(key, told);
      told.then((answer) => { if (!answer) this.known.delete(key); });
    }
    return this.known.get(key);
  }

  asked(question) {
    if (!navigator.onLine) return Promise.resolve(null);
    this.questions += 1;
    const number = this.questions;
    return new Promise((settle) => {
      const timer = setTimeout(() => this.settle(number, null), LONGEST);
      this.waiting.set(number, { settle, timer });
      this.trigger("question", { ...question, number });
    });
  }

  toldSo() {
    const { told } = this.props;
    if (told) this.settle(told.number, told.answer);
  }

  settle(number, answer) {
    const asker = this.waiting.get(number);
    if (!asker) return;
    clearTimeout(asker.timer);
    this.waiting.delete(number);
    asker.settle(answer);
  }

  // ---- the line of those who train on the server
  train(settings, heard) {
    this.questions += 1;
    const number = this.questions;
    return new Promise((settle) => {
      const end = (run) => {
        clearInterval(timer);
        this.trains = null;
        settle(run);
      };
      const timer = setInterval(() => {
        if (performance.now() - this.trains.heardAt > LONGEST) end({ problem: this.props.words.tour_lost });
        else this.trigger("where", { number });
      }, POLL);
      this.trains = { number, heard, end, heardAt: performance.now() };
      this.trigger("train", { ...settings, number });
      this.trigger("where", { number });
    });
  }

  placeCame() {
    const { trains, props: { place } } = this;
    if (!trains || !place || !(place.isWaiting || place.isRunning)) return;
    trains.heardAt = performance.now();
    trains.heard(place);
  }

  trainedSo() {
    const { trains, props: { trained } } = this;
    if (trains && trained?.number === trains.number) trains.end(trained.answer);
  }

  // ---- steps
  // The visitor went to another step.
  go(number) {
    set({ step: number === 1 ? null : number });
    this.turnTo(number);
    const heading = this.root.querySelector("h2");
    heading.focus({ preventScroll: true });
    if (heading.getBoundingClientRect().top < 0) heading.scrollIntoView({ block: "start" });
  }

  turnTo(number) {
    if (number === this.number) return;
    this.number = number;
    this.draw();
  }

  draw() {
    if (this.stage) this.stage.isOpen = false;
    this.stage?.closed?.();
    const focus = this.root.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
    const { steps, words } = this.props;
    const step = steps[this.number - 1];
    const own = step.words;
    const parts = {
      picture: node("div", "tour-picture"), controls: node("div", "tour-controls"), said: node("p", "tour-said"), answered: node("div"),
    };
    parts.said.setAttribute("role", "status");
    const heading = node("h2", "", own.title);
    heading.tabIndex = -1;
    heading.dataset.key = "heading";
    const trying = node("p", "tour-try");
    trying.append(node("b", "", words.tour_try), ` ${own.try}`);
    const text = node("div", "tour-text");
    text.append(
      node("p", "soft tour-place", fill(words.tour_place, { number: this.number, count: steps.length })),
      heading, node("p", "tour-lead", own.text), trying, parts.said, this.question(own, parts), this.ways(), this.dots());
    const show = node("div", "tour-show");
    show.append(parts.picture, parts.controls);
    const whole = node("div", "tour-step");
    whole.dataset.step = step.name;
    whole.append(text, show);
    this.root.replaceChildren(whole);
    this.stage = new Stage(this, step, parts);
    this.fillStage(step);
    if (focus) this.root.querySelector(focus)?.focus({ preventScroll: true });
  }

  fillStage(step) {
    const { stage, photo } = this;
    const module = MODULES[step.name];
    const { words, value } = this.props;
    const problem = module.needsPhoto && (value?.problem ?? photo?.problem ?? this.tooLittle(module));
    if (problem) {
      stage.say(problem);
      stage.controls.append(button("action", words.tour_example, () => document.querySelector(".picker button")?.click()));
    } else if (module.needsPhoto && !photo) {
      stage.say(words.tour_coming);
    } else {
      module.draw(stage);
    }
  }

  // Why the photo cannot be used, or "".
  tooLittle({ least = 8 }) {
    const { photo } = this;
    if (!photo) return "";
    const { width, height } = photo;
    const { words } = this.props;
    if (Math.min(width, height) < least) return fill(words.tour_too_small, { width, height, least });
    return spreadOf(photo) < FLAT ? words.tour_too_flat : "";
  }

  question(own, parts) {
    const box = node("details", "tour-question");
    const summary = node("summary");
    summary.append(node("span", "tour-asked", own.question), node("span", "soft", this.props.words.tour_answer));
    box.append(summary, parts.answered);
    return box;
  }

  ways() {
    const { steps, words } = this.props;
    const row = node("div", "tour-ways");
    const way = (number, name, write) => {
      const made = button(`action ${name}`, write(steps[number - 1].words.short), () => this.go(number));
      made.dataset.key = name;
      return made;
    };
    if (this.number > 1) row.append(way(this.number - 1, "tour-back", (name) => `← ${name}`));
    if (this.number < steps.length) row.append(way(this.number + 1, "tour-next", (name) => `${name} →`));
    const { leads } = MODULES[steps[this.number - 1].name];
    if (leads) row.append(button("action", words[`see_${leads}`], () => document.getElementById(`tab-${leads}-button`).click()));
    row.append(button("action tour-print", words.tour_print, () => printSheet(this)));
    return row;
  }

  dots() {
    const { steps, words } = this.props;
    const row = node("nav", "tour-dots");
    row.setAttribute("aria-label", words.tour_steps);
    row.append(...steps.map((step, index) => {
      const dot = button("", String(index + 1), () => this.go(index + 1));
      dot.setAttribute("aria-label", `${index + 1}. ${step.words.short}`);
      dot.title = step.words.short;
      dot.dataset.key = `dot-${index + 1}`;
      dot.classList.toggle("is-past", index < this.number);
      if (index === this.number - 1) dot.setAttribute("aria-current", "step");
      return dot;
    }));
    return row;
  }
}

// The standard deviation of a photo's brightness.
function spreadOf({ grey }) {
  let [sum, squares] = [0, 0];
  for (const value of grey) { sum += value; squares += value * value; }
  return Math.sqrt(Math.max(0, squares / grey.length - (sum / grey.length) ** 2));
}

// Finds what stands in an element's place when the step is drawn anew, with a photo that has just come: by its key, or its name.
function selectorOf({ dataset, ariaLabel, value, type }) {
  if (dataset.key) return `[data-key="${CSS.escape(dataset.key)}"]`;
  if (ariaLabel) return `[aria-label="${CSS.escape(ariaLabel)}"]`;
  return type === "button" && value ? `.segment-buttons [value="${CSS.escape(value)}"]` : null;
}
