// The fold "Pooling and what it survives". While fold and tab are open, it is made anew after a control, a new photo or another
// language: in the browser where the photo's pixels are here, and then "move" asks pooling.py what the network says alone; else
// props.value.shown is all made there.

import { set } from "../../page/address.js";
import { Requests, button, choice, fill, node, withMinus } from "../../page/common.js";
import { paint } from "./lab_live.js";
import { shownOf } from "./pooling_said.js";
import { responder } from "./responder.js";

const LONGEST_WAIT = 10_000; // milliseconds
const PAUSE = 400; // milliseconds without a change, after which the network is asked
const WRITTEN = { angle: (value) => `${value}°`, scale: (value) => `${value} %` }; // the others are in pixels

export const mount = (gradio) => new Pooling(gradio);

class Pooling {
  constructor({ element, props, trigger, watch }) {
    Object.assign(this, { props, root: element.querySelector(".pooling"), fields: {}, stale: true, open: false });
    this.requests = new Requests((number) => {
      this.number = number;
      props.value = { settings: this.read(), is_drawn: Boolean(this.made) || this.live.pending };
      trigger("move");
    }, LONGEST_WAIT);
    this.live = new Requests((number) => responder.ask("pooling", { number, settings: this.read() }), LONGEST_WAIT);
    responder.join("pooling", {
      answered: (made) => this.answered(made),
      failed: () => { if (this.live.pending) this.ask(); },
    });
    this.build();
    this.set(props.value?.settings ?? props.first);
    this.label();
    watch("value", () => this.draw());
    watch("labels", () => { this.label(); this.reword(); this.ask(); });
    document.addEventListener("cnnhub-photo", () => {
      this.made = this.photo = null;
      this.root.classList.add("stale"); // what is shown is of another photo, until this one's answer comes
      this.ask();
    });
    // a closed fold or another tab takes this out of the layout; wherever the page is scrolled to, it counts as open
    new IntersectionObserver((entries) => {
      this.open = entries.at(-1).isIntersecting;
      if (this.open && this.stale) this.ask();
    }, { rootMargin: "100000px" }).observe(this.root);
    this.draw();
  }

  build() {
    const { sliders, windows, strides, first } = this.props;
    this.sentence = node("div", "told");
    this.figures = node("div", "figures");
    this.controls = node("div", "controls");
    this.notes = node("div", "soft");
    this.back = button("", undefined, () => {
      this.set({ shift_x: 0, shift_y: 0, angle: 0, scale: 1 });
      this.turned();
    });
    for (const [name, range] of Object.entries(sliders)) this.slider(name, range);
    this.field("window", choice(windows, first.window, (size) => `${size} × ${size}`, () => this.turned()));
    this.field("stride", choice(strides, first.stride, String, () => this.turned()));
    this.controls.append(this.back);
    this.figures.append(...Array.from({ length: 5 }, figure));
    this.root.append(this.sentence, this.figures, this.controls, this.notes);
  }

  field(name, input) {
    const [label, text, output, top] = [node("label", "field"), ...["name", "number", "top"].map((part) => node("span", part))];
    top.append(text, output);
    label.append(top, input);
    this.controls.append(label);
    this.fields[name] = { input, text, output };
  }

  slider(name, range) {
    const input = Object.assign(node("input"), { type: "range" });
    [input.min, input.max, input.step] = range;
    input.addEventListener("input", () => this.turned());
    this.field(name, input);
  }

  // The numbers at the sliders, as the eye and a screen reader get them.
  tell() {
    for (const name of Object.keys(this.props.sliders)) {
      const { input, output } = this.fields[name];
      const value = withMinus(input.value);
      output.textContent = WRITTEN[name]?.(value) ?? fill(this.props.labels.pixels, { value });
      input.setAttribute("aria-valuetext", output.textContent);
    }
  }

  label() {
    const { labels } = this.props;
    for (const [name, { input, text }] of Object.entries(this.fields)) {
      text.textContent = labels[name];
      input.setAttribute("aria-label", labels[name]);
    }
    this.back.textContent = labels.back;
    this.tell();
  }

  read() {
    const settings = Object.fromEntries(Object.entries(this.fields).map(([name, { input }]) => [name, Number(input.value)]));
    settings.scale /= 100;
    return settings;
  }

  set(settings) {
    for (const [name, value] of Object.entries(settings)) this.fields[name].input.value = asField(name, value);
  }

  // A visitor moved something. The address keeps it in the order that pooling.py reads.
  turned() {
    this.tell();
    const names = ["window", "stride", ...Object.keys(this.props.sliders)];
    const written = (settings) => names.map((name) => asField(name, settings[name])).join(",");
    const now = written(this.read());
    set({ pooling: now === written(this.props.first) ? null : now });
    this.ask();
  }

  // Are the pixels here of the photo that the server spoke of last?
  get isReady() { return responder.photo !== null && responder.photo === this.photo; }

  ask() {
    this.stale = !this.open;
    if (!this.open) return;
    if (!this.isReady) return this.requests.now();
    this.live.now();
    this.requests.later(PAUSE);
  }

  // The browser has measured.
  answered(made) {
    if (this.isReady) {
      this.made = { ...made, isScaledDown: responder.isScaledDown };
      this.reword();
    }
    this.live.settle(made.number);
  }

  reword() {
    if (this.made) this.show(shownOf(this.props, this.made));
  }

  draw() {
    const { shown, settings } = this.props.value ?? {};
    if (!shown && settings) { // an address asked for these; what is shown was made with others
      this.set(settings);
      this.tell();
      this.ask();
    }
    if (!shown) return;
    this.photo = shown.photo;
    this.requests.settle(this.number);
    if (!shown.heading) this.tellNetwork(shown.network);
    else if (!this.made) this.show(shown);
    this.root.classList.toggle("stale", this.requests.pending && this.root.classList.contains("stale"));
  }

  show({ role, heading, line, network, notes, figures }) {
    this.sentence.setAttribute("role", role);
    this.network = network === undefined ? this.network ?? node("p") : node("p", "", network);
    this.network.classList.toggle("waiting", network === undefined); // that of the settings before, until the server answers
    this.sentence.replaceChildren(node("h3", "", heading), ...(line ? [node("p", "", line)] : []), this.network);
    this.notes.replaceChildren(...notes.map((note) => node("p", "", note)));
    this.figures.hidden = figures.length === 0;
    figures.forEach((made, place) => fillFigure(this.figures.children[place], made));
  }

  tellNetwork(said) {
    if (!this.network || this.live.pending || this.requests.pending) return; // another answer comes
    this.network.textContent = said;
    this.network.classList.remove("waiting");
  }
}

const asField = (name, value) => (name === "scale" ? Math.round(100 * value) : value);

function figure() {
  const [made, frame, picture, track, under] = ["figure", "div", "img", "span", "figcaption"].map((tag) => node(tag));
  frame.className = "frame";
  track.className = "track";
  track.setAttribute("aria-hidden", "true");
  track.append(node("i"));
  under.append(node("b"), node("span", "size soft"), track, node("span", "changed"));
  frame.append(picture, node("canvas"));
  made.append(frame, under);
  return made;
}

// A picture is what the server drew, or pixels.
function fillFigure(place, made) {
  const [picture, canvas] = [place.querySelector("img"), place.querySelector("canvas")];
  const isDrawn = typeof made.picture !== "string";
  const name = `${made.name}, ${made.changed}`;
  const sharpen = (shown, width) => shown.classList.toggle("pixels", width <= shown.clientWidth * devicePixelRatio);
  place.style.setProperty("--ratio", made.ratio);
  [picture.hidden, canvas.hidden] = [isDrawn, !isDrawn];
  if (isDrawn) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", name);
    paint(canvas, made.picture);
    sharpen(canvas, made.picture.width);
  } else {
    Object.assign(picture, { src: made.picture, alt: name, onload: () => sharpen(picture, picture.naturalWidth) });
  }
  place.querySelector("b").textContent = made.name;
  place.querySelector(".size").replaceChildren(...made.size.map((part) => node("span", "whole", part)));
  place.querySelector("i").style.width = `${100 * made.bar}%`;
  place.querySelector(".changed").textContent = made.changed.replace(/ %/g, "\u00a0%");
}
