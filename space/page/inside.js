// The journey strip and the gallery of one layer's channels. props.value is made by inside.py; a click on a
// step triggers "stage", a click on a channel shows it large from the same sprite, without asking the server.
const root = element.querySelector(".inside");
let channel = 0;

function draw() {
  const value = props.value;
  if (!value) return;
  const sentence = document.createElement("div");
  sentence.innerHTML = value.sentence; // escaped where it was made
  const parts = [sentence];
  if (value.steps) parts.push(journey(value), layer(value.gallery));
  root.replaceChildren(...parts);
  if (value.steps) select(value.gallery, Math.min(channel, value.gallery.channels.length - 1));
}

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function journey(value) {
  const strip = node("div", "journey");
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", value.title);
  value.steps.forEach((step, index) => {
    const item = node(step.layer ? "button" : "div", "step");
    const picture = node("img", "pixels");
    picture.src = step.picture;
    picture.alt = "";
    picture.style.setProperty("--place", index / (value.steps.length - 1));
    item.append(picture, node("span", "", step.name), node("span", "soft", step.size));
    if (step.layer) {
      item.type = "button";
      item.setAttribute("aria-pressed", String(step.layer === value.selected));
      item.addEventListener("click", () => { channel = 0; trigger("stage", { layer: step.layer }); });
    }
    strip.append(item);
  });
  strip.append(node("b", "journey-answer", value.answer));
  return strip;
}

function layer(gallery) {
  const both = node("div", "layer");
  const left = node("div", "channels-side");
  const grid = node("div", "channels");
  grid.style.setProperty("--wide", gallery.channels.length > 64 ? 16 : gallery.channels.length > 16 ? 8 : 4);
  gallery.channels.forEach((item, place) => {
    const button = node("button", "tile");
    button.type = "button";
    button.title = item.name;
    button.setAttribute("aria-label", `${item.name}, ${item.facts[0]}`);
    cut(button, gallery, place);
    button.addEventListener("click", () => select(gallery, place));
    grid.append(button);
  });
  const legend = node("div", "legend");
  legend.append(node("span", "", gallery.legend.low), node("i", `bar ${gallery.legend.kind}`),
    node("span", "", gallery.legend.high), node("span", "", gallery.legend.meaning), node("span", "push", gallery.shown));
  left.append(grid, legend);
  const large = node("div", "large");
  large.setAttribute("aria-live", "polite");
  both.append(left, large);
  return both;
}

// Show one tile of the sprite as the background, whatever size the box has.
function cut(box, gallery, place) {
  const rows = Math.ceil(gallery.channels.length / gallery.columns);
  const across = gallery.columns === 1 ? 0 : (place % gallery.columns) / (gallery.columns - 1);
  const down = rows === 1 ? 0 : Math.floor(place / gallery.columns) / (rows - 1);
  box.style.backgroundImage = `url(${gallery.sprite})`;
  box.style.backgroundSize = `${100 * gallery.columns}% ${100 * rows}%`;
  box.style.backgroundPosition = `${100 * across}% ${100 * down}%`;
  box.style.aspectRatio = gallery.tile.join(" / ");
}

function select(gallery, place) {
  channel = place;
  const large = root.querySelector(".large");
  const picture = node("div", "tile");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", gallery.channels[place].name);
  cut(picture, gallery, place);
  large.replaceChildren(picture, node("b", "", gallery.channels[place].name),
    ...gallery.channels[place].facts.map((fact) => node("p", "soft", fact)));
  root.querySelectorAll(".channels .tile").forEach((tile, i) => tile.setAttribute("aria-pressed", String(i === place)));
}

watch("value", draw);
draw();
