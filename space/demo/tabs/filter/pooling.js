// The fold "Pooling and what it survives". props.value.shown is made by pooling.py; this asks for it with "move"
// while fold and tab are open: after a control, a new photo or another language, one request at a time.

import { set } from "../../page/address.js";
import { Requests, button, choice, fill, node, withMinus } from "../../page/common.js";

const LONGEST_WAIT = 10_000; // milliseconds
const WRITTEN = { angle: (value) => `${value}°`, scale: (value) => `${value} %` }; // the others are in pixels

export const mount = (gradio) => new Pooling(gradio);

class Pooling {
  constructor({ element, props, trigger, watch }) {
    Object.assign(this, { props, root: element.querySelector(".pooling"), fields: {}, stale: true, open: false });
    this.requests = new Requests((number) => {
      this.number = number;
      props.value = { settings: this.read() };
      trigger("move");
    }, LONGEST_WAIT);
    this.build();
    this.set(props.value?.settings ?? props.first);
    this.label();
    watch("value", () => this.draw());
    watch("labels", () => { this.label(); this.ask(); });
    document.addEventListener("cnnhub-photo", () => {
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

  ask() {
    this.stale = !this.open;
    if (this.open) this.requests.now();
  }

  draw() {
    const { shown, settings } = this.props.value ?? {};
    if (!shown && settings) { // an address asked for these; what is shown was made with others
      this.set(settings);
      this.tell();
      this.ask();
    }
    if (!shown) return;
    this.sentence.setAttribute("role", shown.role);
    const lines = [shown.line, shown.network].filter(Boolean);
    this.sentence.replaceChildren(node("h3", "", shown.heading), ...lines.map((line) => node("p", "", line)));
    this.notes.replaceChildren(...shown.notes.map((note) => node("p", "", note)));
    this.figures.hidden = shown.figures.length === 0;
    shown.figures.forEach((made, place) => fillFigure(this.figures.children[place], made));
    this.requests.settle(this.number);
    this.root.classList.toggle("stale", this.requests.pending && this.root.classList.contains("stale"));
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
  frame.append(picture);
  made.append(frame, under);
  return made;
}

function fillFigure(place, made) {
  const picture = place.querySelector("img");
  place.style.setProperty("--ratio", made.ratio);
  picture.src = made.picture;
  picture.alt = `${made.name}, ${made.changed}`;
  picture.onload = () => { picture.classList.toggle("pixels", picture.naturalWidth <= picture.clientWidth * devicePixelRatio); };
  place.querySelector("b").textContent = made.name;
  place.querySelector(".size").replaceChildren(...made.size.map((part) => node("span", "whole", part)));
  place.querySelector("i").style.width = `${100 * made.bar}%`;
  place.querySelector(".changed").textContent = made.changed.replace(/ %/g, "\u00a0%");
}
