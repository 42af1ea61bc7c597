// The journey strip and the gallery of one layer's channels. props.value is made by inside.py; a click on a
// step triggers "stage", a click on a channel shows it large from the same sprite, without asking the server.
// The address keeps the number of the channel that is shown large; without one, or where it is not among those shown, it is
// the strongest.
const root = element.querySelector(".inside");
let channel = null;
let layerShown = null;

function draw() {
  const value = props.value;
  if (!value) return;
  const sentence = document.createElement("div");
  sentence.innerHTML = value.sentence; // escaped where it was made
  const parts = [sentence];
  if (value.steps) parts.push(journey(value), layer(value.gallery), downloads(value));
  root.replaceChildren(...parts);
  if (!value.steps) return;
  if (value.selected !== layerShown) channel = asked(value.selected);
  layerShown = value.selected;
  select(value.gallery, Math.max(0, value.gallery.channels.findIndex((item) => item.index === channel)));
}

// The channel of this layer that the address asks for.
function asked(selected) {
  const query = new URLSearchParams(location.search);
  return query.get("layer") === selected && query.has("channel") ? Number(query.get("channel")) : null;
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
      item.addEventListener("click", () => {
        window.cnnhubLink?.set({ layer: step.layer, channel: null });
        trigger("stage", { layer: step.layer });
      });
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
    button.addEventListener("click", () => {
      channel = item.index;
      window.cnnhubLink?.set({ layer: layerShown, channel });
      select(gallery, place);
    });
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
  const large = root.querySelector(".large");
  const picture = node("div", "tile");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", gallery.channels[place].name);
  cut(picture, gallery, place);
  large.replaceChildren(picture, node("b", "", gallery.channels[place].name),
    ...gallery.channels[place].facts.map((fact) => node("p", "soft", fact)));
  root.querySelectorAll(".channels .tile").forEach((tile, i) => tile.setAttribute("aria-pressed", String(i === place)));
}

// ---------------------------------------------------------------- files

function downloads(value) {
  const row = node("div", "downloads");
  const png = node("button", "action", value.words.png);
  const npz = node("button", "action", value.words.npz);
  png.type = npz.type = "button";
  png.addEventListener("click", () => savePng(value));
  npz.addEventListener("click", () => trigger("npz", { layer: value.selected }));
  row.append(png, npz);
  return row;
}

// The gallery as it stands on the page, drawn here: its sentence, its channels with gaps, its scale.
async function savePng(value) {
  const { gallery } = value;
  const sprite = new Image();
  sprite.src = gallery.sprite;
  await sprite.decode();
  const [width, height] = gallery.tile;
  const columns = gallery.channels.length > 64 ? 16 : Math.min(8, gallery.channels.length);
  const rows = Math.ceil(gallery.channels.length / columns);
  const times = Math.max(1, Math.round((columns > 8 ? 72 : 128) / width)); // whole, so that every value keeps its square
  const [gap, margin, head, foot] = [6, 24, 64, 40];
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(640, 2 * margin + columns * (width * times + gap) - gap);
  canvas.height = 2 * margin + head + rows * (height * times + gap) + foot;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fbfaf7";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#1d1c1a";
  pen.font = `700 22px ${fonts()}`;
  pen.fillText(value.file.title, margin, margin + 20, canvas.width - 2 * margin);
  pen.fillStyle = "#6b6862";
  pen.font = `15px ${fonts()}`;
  pen.fillText(value.file.line, margin, margin + 46, canvas.width - 2 * margin);
  pen.imageSmoothingEnabled = false;
  gallery.channels.forEach((item, place) => {
    pen.drawImage(
      sprite, (place % gallery.columns) * width, Math.floor(place / gallery.columns) * height, width, height,
      margin + (place % columns) * (width * times + gap), margin + head + Math.floor(place / columns) * (height * times + gap),
      width * times, height * times,
    );
  });
  const scale = `${gallery.legend.low} … ${gallery.legend.high}, ${gallery.legend.meaning} · ${gallery.shown}`;
  pen.fillText(scale, margin, canvas.height - margin, canvas.width - 2 * margin);
  canvas.toBlob((blob) => {
    const url = URL.createObjectURL(blob);
    saveUrl(url, `${value.file.name}.png`);
    setTimeout(() => URL.revokeObjectURL(url), 10_000); // by then the browser has read it
  }, "image/png");
}

function fonts() {
  return getComputedStyle(root).fontFamily;
}

function saveUrl(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

watch("value", draw);
draw();
