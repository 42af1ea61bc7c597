// A page of one layer's channels. props.value is made by tab.py. A click on a channel shows it large; order, scale and page are
// asked of the server.

import { button, bytesOf, legendOf, node, press, saveCanvas } from "../../page/common.js";
import { arrived, changed, choose, follow, gallery, now } from "./look.js";
import { sheet } from "./sheet.js";
import { Spots } from "./spots.js";

let sprite = null; // the address of the picture that holds all tiles

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-gallery");
  const ask = (changes) => trigger("look", changed(changes));
  const spots = new Spots(root, ask);

  function draw() {
    const { value } = props;
    const old = sprite;
    if (old) setTimeout(() => URL.revokeObjectURL(old), 10_000); // its tiles may be loading still
    sprite = value ? addressOf(value.sprite) : null;
    document.getElementById("inside")?.style.setProperty("--sprite", sprite ? `url(${sprite})` : "none");
    const focus = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    root.replaceChildren();
    arrived(value);
    spots.arrived();
    if (!value) return;
    const more = value.filters.length ? [filters(value)] : [];
    root.append(grid(value), below(value), ...more, controls(value, ask, spots), downloads(value, trigger));
    mark();
    if (focus) root.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
    // the channel that was chosen for another photo stands on another page of this one's
    if (placeOf(value, now().channel) < 0) ask({ page: null });
  }

  const mark = () => {
    const value = gallery();
    if (!value) return;
    for (const tiles of [".channels .tile", ".filters button"]) press(root.querySelectorAll(tiles), placeOf(value, now().channel));
  };

  follow(mark);
  watch("value", draw);
  draw();
}

// Which tile of the page a channel is; -1 where it stands on another page.
export const placeOf = (value, channel) => value.channels.findIndex((item) => item.index === channel);

// Show one tile of the sprite as the background, whatever size the box has.
export function cut(box, value, place) {
  const rows = Math.ceil(value.channels.length / value.columns);
  const across = value.columns === 1 ? 0 : (place % value.columns) / (value.columns - 1);
  const down = rows === 1 ? 0 : Math.floor(place / value.columns) / (rows - 1);
  box.style.backgroundImage = "var(--sprite)";
  box.style.backgroundSize = `${100 * value.columns}% ${100 * rows}%`;
  box.style.backgroundPosition = `${100 * across}% ${100 * down}%`;
  box.style.aspectRatio = value.tile.join(" / ");
}

// The colours of a legend's bar, read off the page's own.
export function coloursOf(kind, parent) {
  const bar = node("i", `bar ${kind}`);
  parent.append(bar);
  const colours = [...getComputedStyle(bar).backgroundImage.matchAll(/rgb\((\d+), (\d+), (\d+)\)/g)].map((found) =>
    found.slice(1).map(Number));
  bar.remove();
  return between(colours, 64);
}

// So many colours, evenly along the given ones.
function between(colours, count) {
  return Array.from({ length: count }, (_, place) => {
    const at = (place / (count - 1)) * (colours.length - 1);
    const [low, high] = [colours[Math.floor(at)], colours[Math.ceil(at)]];
    return low.map((value, part) => Math.round(value + (high[part] - value) * (at - Math.floor(at))));
  });
}

function grid(value) {
  const box = node("div", "channels");
  box.style.setProperty("--wide", value.channels.length > 16 ? 8 : 4);
  box.append(...value.channels.map((item, place) => {
    const tile = button(item.note ? "tile is-silent" : "tile", undefined, () => choose(item.index));
    tile.title = item.note ? `${item.name}: ${item.note}` : item.name;
    tile.setAttribute("aria-label", tile.title);
    cut(tile, value, place);
    if (!value.answers.length) return tile;
    const cell = node("div", "tile-cell");
    cell.append(tile, node("span", "soft", value.answers[place]));
    return cell;
  }));
  return box;
}

// Of the first layer: each channel's filter as a picture.
function filters({ channels, filters: pictures, words }) {
  const [whole, row] = [node("div"), node("div", "filters")];
  row.append(...channels.map(({ index, name }, place) => {
    const made = button("", undefined, () => choose(index));
    made.append(Object.assign(node("img", "pixels"), { src: pictures[place], alt: `${words.filter_of}: ${name}` }));
    made.title = name;
    return made;
  }));
  whole.append(node("p", "soft", words.filters), row);
  return whole;
}

function below(value) {
  const told = node("div");
  told.append(legendOf(value.legend, node("span", "", value.legend.meaning)));
  if (value.answers.length) told.append(node("p", "soft answers-told", value.answers_told));
  if (value.silent) told.append(node("p", "soft silent-count", value.silent));
  return told;
}

function controls(value, ask, spots) {
  const row = node("div", "gallery-controls");
  const { look, words } = value;
  const group = (label, choices, chosen, act) => {
    const box = node("div", "segment-buttons");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);
    box.append(...Object.entries(choices).map(([name, text]) => {
      const made = button("", text, () => act(name));
      made.dataset.key = name;
      return made;
    }));
    press(box.children, Object.keys(choices).indexOf(chosen));
    return box;
  };
  const pager = node("div", "pager");
  const turn = (text, name, by) => {
    const made = button("action", text, () => ask({ page: look.page + by, channel: null }));
    made.setAttribute("aria-label", name);
    made.dataset.key = name;
    made.disabled = look.page + by < 0 || look.page + by >= value.pages;
    return made;
  };
  const shown = node("span", "soft", value.shown);
  pager.append(...(value.pages > 1 ? [turn("‹", words.page_before, -1), shown, turn("›", words.page_next, 1)] : [shown]));
  row.append(
    pager,
    group(words.order, value.orders, look.order, (order) => (
      order === "spot" && !look.spot ? spots.pinMiddle() : ask({ order, page: null, channel: null }))),
    group(words.scale, value.scales, look.scale, (scale) => ask({ scale })),
  );
  if (look.spot) row.append(pinned(value, spots));
  return row;
}

// What can be done with the pins.
function pinned({ look, words, most_spots: most }, spots) {
  const row = node("div", "downloads");
  const made = [["spot_more", () => spots.pinMiddle()], ["spot_remove", () => spots.removeAll()]].map(([word, act]) => {
    const each = button("action", words[word], act);
    each.dataset.key = word;
    return each;
  });
  made[0].hidden = look.spot.split(";").length >= most;
  row.append(...made);
  return row;
}

function downloads(value, trigger) {
  const row = node("div", "downloads");
  row.append(
    button("action", value.words.gallery_png, () => savePng(value, row)),
    button("action", value.words.maps_npz, () => trigger("npz", now())),
  );
  return row;
}

// Every tile has the sprite as its background: as a short address, which a data: URI of 200 KB is not.
const addressOf = (uri) => URL.createObjectURL(new Blob([bytesOf(uri.split(",")[1])], { type: "image/png" }));

// The page as it stands, drawn here: its sentence, its channels with gaps and numbers, its scale.
async function savePng(value, row) {
  const picture = new Image();
  picture.src = value.sprite;
  await picture.decode();
  const [width, height] = value.tile;
  const tiles = value.channels.map(({ index }, place) => ({
    source: picture,
    from: [(place % value.columns) * width, Math.floor(place / value.columns) * height, width, height],
    notes: [String(index)],
  }));
  const columns = Math.min(8, tiles.length);
  const side = Math.max(96, Math.round(128 / Math.max(width, height)) * Math.max(width, height)); // whole squares
  const legend = { ...value.legend, colours: coloursOf(value.legend.kind, row) };
  const { title, line, name } = value.file;
  saveCanvas(sheet({ title, lines: [line, value.shown], tiles, columns, side, legend, fonts: row }), `${name}.png`);
}
