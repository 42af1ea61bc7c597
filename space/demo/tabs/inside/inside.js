// The journey strip and the gallery of one layer's channels. props.value is made by tab.py; a click on a step triggers
// "stage", a click on a channel shows it large from the same sprite, without asking the server.
// The address keeps the number of the channel that is large; without one, or where it is not among those shown, the first is.

import { query, set } from "../../page/address.js";
import { button, bytesOf, legendOf, node, press, saveCanvas } from "../../page/common.js";

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside");
  let channel = null;
  let layerShown = null;
  let sprite = null;

  function draw() {
    const { value } = props;
    if (!value) return;
    const sentence = node("div");
    sentence.innerHTML = value.sentence; // escaped where it was made
    if (!value.steps) return root.replaceChildren(sentence);
    if (sprite) URL.revokeObjectURL(sprite);
    sprite = addressOf(value.gallery.sprite);
    root.style.setProperty("--sprite", `url(${sprite})`);
    root.replaceChildren(sentence, journey(value, toStage), layer(value.gallery, choose), downloads(value, trigger));
    if (value.selected !== layerShown) channel = asked(value.selected);
    layerShown = value.selected;
    select(root, value.gallery, Math.max(0, value.gallery.channels.findIndex((item) => item.index === channel)));
  }

  function toStage(name) {
    set({ layer: name, channel: null });
    trigger("stage", { layer: name });
  }

  function choose(gallery, place) {
    channel = gallery.channels[place].index;
    set({ layer: layerShown, channel });
    select(root, gallery, place);
  }

  window.addEventListener("popstate", () => { // the address then says which channel
    layerShown = null;
    draw();
  });
  watch("value", draw);
  draw();
}

// The channel of this layer that the address asks for.
function asked(selected) {
  const address = query();
  return address.get("layer") === selected && address.has("channel") ? Number(address.get("channel")) : null;
}

function journey(value, toStage) {
  const strip = node("div", "journey");
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", value.title);
  strip.append(...value.steps.map((step, index) => {
    const item = step.layer ? button("step", undefined, () => toStage(step.layer)) : node("div", "step");
    const picture = Object.assign(node("img", "pixels"), { src: step.picture, alt: "" });
    picture.style.setProperty("--place", index / (value.steps.length - 1));
    item.append(picture, node("span", "", step.name), node("span", "soft", step.size));
    if (step.layer) item.setAttribute("aria-pressed", String(step.layer === value.selected));
    return item;
  }), node("b", "journey-answer", value.answer));
  return strip;
}

function layer(gallery, choose) {
  const [both, left, grid, large] = ["layer", "channels-side", "channels", "large"].map((name) => node("div", name));
  grid.style.setProperty("--wide", gallery.channels.length > 64 ? 16 : gallery.channels.length > 16 ? 8 : 4);
  grid.append(...gallery.channels.map((item, place) => {
    const tile = button("tile", undefined, () => choose(gallery, place));
    tile.title = item.name;
    tile.setAttribute("aria-label", `${item.name}, ${item.facts[0]}`);
    cut(tile, gallery, place);
    return tile;
  }));
  left.append(grid, legendOf(gallery.legend, node("span", "", gallery.legend.meaning), node("span", "push", gallery.shown)));
  large.setAttribute("aria-live", "polite");
  both.append(left, large);
  return both;
}

// Every tile has the sprite as its background: as a short address, which a data: URI of 200 KB is not.
const addressOf = (uri) => URL.createObjectURL(new Blob([bytesOf(uri.split(",")[1])], { type: "image/png" }));

// Show one tile of the sprite as the background, whatever size the box has.
function cut(box, gallery, place) {
  const rows = Math.ceil(gallery.channels.length / gallery.columns);
  const across = gallery.columns === 1 ? 0 : (place % gallery.columns) / (gallery.columns - 1);
  const down = rows === 1 ? 0 : Math.floor(place / gallery.columns) / (rows - 1);
  box.style.backgroundImage = "var(--sprite)";
  box.style.backgroundSize = `${100 * gallery.columns}% ${100 * rows}%`;
  box.style.backgroundPosition = `${100 * across}% ${100 * down}%`;
  box.style.aspectRatio = gallery.tile.join(" / ");
}

function select(root, gallery, place) {
  const chosen = gallery.channels[place];
  const picture = node("div", "tile");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", chosen.name);
  cut(picture, gallery, place);
  root.querySelector(".large").replaceChildren(
    picture, node("b", "", chosen.name), ...chosen.facts.map((fact) => node("p", "soft", fact)));
  press(root.querySelectorAll(".channels .tile"), place);
}

// ---- files
function downloads(value, trigger) {
  const row = node("div", "downloads");
  row.append(
    button("action", value.words.png, () => savePng(value, getComputedStyle(row).fontFamily)),
    button("action", value.words.npz, () => trigger("npz", { layer: value.selected })),
  );
  return row;
}

// The gallery as it stands on the page, drawn here: its sentence, its channels with gaps, its scale.
async function savePng({ gallery, file }, fonts) {
  const sprite = new Image();
  sprite.src = gallery.sprite;
  await sprite.decode();
  const [width, height] = gallery.tile;
  const columns = gallery.channels.length > 64 ? 16 : Math.min(8, gallery.channels.length);
  const rows = Math.ceil(gallery.channels.length / columns);
  const times = Math.max(1, Math.round((columns > 8 ? 72 : 128) / width)); // whole, so that every value keeps its square
  const [gap, margin, head, foot] = [6, 24, 64, 40];
  const canvas = node("canvas");
  canvas.width = Math.max(640, 2 * margin + columns * (width * times + gap) - gap);
  canvas.height = 2 * margin + head + rows * (height * times + gap) + foot;
  const pen = canvas.getContext("2d");
  const write = (text, y) => pen.fillText(text, margin, y, canvas.width - 2 * margin);
  pen.fillStyle = "#fbfaf7";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#1d1c1a";
  pen.font = `700 22px ${fonts}`;
  write(file.title, margin + 20);
  pen.fillStyle = "#6b6862";
  pen.font = `15px ${fonts}`;
  write(file.line, margin + 46);
  write(`${gallery.legend.low} … ${gallery.legend.high}, ${gallery.legend.meaning} · ${gallery.shown}`, canvas.height - margin);
  pen.imageSmoothingEnabled = false;
  gallery.channels.forEach((_, place) => {
    pen.drawImage(
      sprite, (place % gallery.columns) * width, Math.floor(place / gallery.columns) * height, width, height,
      margin + (place % columns) * (width * times + gap), margin + head + Math.floor(place / columns) * (height * times + gap),
      width * times, height * times,
    );
  });
  saveCanvas(canvas, `${file.name}.png`);
}
