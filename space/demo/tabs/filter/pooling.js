// The fold "Pooling and what it survives". props.value.shown is made by pooling.py; this asks for it with "move"
// while fold and tab are open: after a control, a new photo or another language, one request at a time.
const root = element.querySelector(".pooling");
const SLIDERS = props.sliders;
const LOST = 10000; // milliseconds after which an answer is not waited for any more
let asked = 0; // when the request that is under way began
let again = false; // something changed since
let stale = true;
let open = false;

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const sentence = node("div", "told");
const figures = node("div", "figures");
const controls = node("div", "controls");
const notes = node("div", "soft");
const back = node("button");
const fields = {};

function build() {
  Object.keys(SLIDERS).forEach(slider);
  choice("window", props.windows, (size) => `${size} × ${size}`);
  choice("stride", props.strides, String);
  back.type = "button";
  back.addEventListener("click", () => {
    set({ shift_x: 0, shift_y: 0, angle: 0, scale: 1 });
    turned();
  });
  controls.append(back);
  for (let i = 0; i < 5; i += 1) figures.append(figure());
  root.append(sentence, figures, controls, notes);
}

function field(name, input) {
  const label = node("label", "field");
  const text = node("span", "name");
  const output = node("span", "number");
  const top = node("span", "top");
  top.append(text, output);
  label.append(top, input);
  controls.append(label);
  fields[name] = { input, text, output };
}

function choice(name, choices, written) {
  const select = node("select");
  choices.forEach((value) => select.append(new Option(written(value), value)));
  select.addEventListener("change", turned);
  field(name, select);
}

function slider(name) {
  const input = node("input");
  input.type = "range";
  [input.min, input.max, input.step] = SLIDERS[name];
  input.addEventListener("input", turned);
  field(name, input);
}

function figure() {
  const made = node("figure");
  const picture = node("img");
  const track = node("span", "track");
  track.setAttribute("aria-hidden", "true");
  track.append(node("i"));
  const under = node("figcaption");
  under.append(node("b"), node("span", "size soft"), track, node("span", "changed"));
  const frame = node("div", "frame");
  frame.append(picture);
  made.append(frame, under);
  return made;
}

// The numbers at the sliders, as the eye and a screen reader get them.
function tell() {
  Object.keys(SLIDERS).forEach((name) => {
    const { input, output } = fields[name];
    const value = input.value.replace("-", "−");
    const written = name === "angle" ? `${value}°` : name === "scale" ? `${value} %` : props.labels.pixels.replace("{value}", value);
    output.textContent = written;
    input.setAttribute("aria-valuetext", written);
  });
}

function label() {
  Object.entries(fields).forEach(([name, { input, text }]) => {
    text.textContent = props.labels[name];
    input.setAttribute("aria-label", props.labels[name]);
  });
  back.textContent = props.labels.back;
  tell();
}

function read() {
  const settings = {};
  Object.entries(fields).forEach(([name, { input }]) => { settings[name] = Number(input.value); });
  settings.scale /= 100;
  return settings;
}

function set(settings) {
  Object.entries(settings).forEach(([name, value]) => { fields[name].input.value = name === "scale" ? Math.round(100 * value) : value; });
}

// A visitor moved something. The address keeps it in the order that pooling.py reads.
function turned() {
  tell();
  const written = (settings) => ["window", "stride", ...Object.keys(SLIDERS)]
    .map((name) => (name === "scale" ? Math.round(100 * settings[name]) : settings[name])).join(",");
  const now = written(read());
  window.cnnhubLink?.set({ pooling: now === written(props.first) ? null : now });
  ask();
}

function ask() {
  stale = true;
  if (!open) return;
  if (asked && Date.now() - asked < LOST) {
    again = true;
    return;
  }
  stale = again = false;
  asked = Date.now();
  props.value = { settings: read() };
  trigger("move");
}

function draw() {
  const shown = props.value && props.value.shown;
  if (!shown) return restore();
  asked = 0;
  sentence.setAttribute("role", shown.role);
  sentence.replaceChildren(node("h3", "", shown.heading), node("p", "", shown.line));
  notes.replaceChildren(...shown.notes.map((note) => node("p", "", note)));
  figures.hidden = shown.figures.length === 0;
  shown.figures.forEach((made, place) => fill(figures.children[place], made));
  if (again) ask();
}

function fill(place, made) {
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

// An address asked for these settings; what is shown was made with others.
function restore() {
  if (!props.value?.settings) return;
  set(props.value.settings);
  tell();
  ask();
}

build();
set(props.value?.settings ?? props.first);
label();
watch("value", draw);
watch("labels", () => { label(); ask(); });
document.addEventListener("cnnhub-photo", ask);
// a closed fold or another tab takes this out of the layout; wherever the page is scrolled to, it counts as open
new IntersectionObserver((entries) => {
  open = entries[entries.length - 1].isIntersecting;
  if (open && stale) ask();
}, { rootMargin: "100000px" }).observe(root);
draw();
