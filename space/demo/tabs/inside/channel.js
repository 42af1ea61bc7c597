// One channel, large. It is there at once from the gallery's picture; its values, and what is known of them, come from the server.
// Pointing at the map frames what that value sees of the photo; pointing at the photo frames the values that see that place.

import { ARROWS, Requests, bytesOf, fill, node, button, saveCanvas, withMinus, within } from "../../page/common.js";
import { frame, photo, pointedAt } from "../../page/photo.js";
import { openLearned } from "../filter/learned.js";
import { coloursOf, cut, placeOf } from "./gallery.js";
import { follow, gallery, now } from "./look.js";
import { sheet } from "./sheet.js";

const LONGEST = 10_000; // milliseconds

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-channel");
  const requests = new Requests((asked) => trigger("channel", { ...now(), asked }), LONGEST);
  let details = null; // of the channel that is shown; null until they come
  let values = null;
  let at = null; // [row, column] of the pointed value

  // Another channel or another gallery: from the sprite, until the rest is there.
  function begin() {
    const value = gallery();
    [details, values, at] = [null, null, null];
    frame(null);
    if (!value) return root.replaceChildren();
    root.setAttribute("aria-busy", "true");
    const place = placeOf(value, now().channel);
    const map = node("div", "large-map");
    if (place >= 0) {
      const tile = node("div", "tile");
      cut(tile, value, place);
      map.append(tile);
    }
    const old = root.querySelector(".large-told");
    root.replaceChildren(map, ...(old ? [old] : []));
    requests.now();
  }

  function arrive() {
    const { value } = props;
    if (!value) return;
    requests.settle(value.asked);
    const look = now();
    if (value.problem) return root.replaceChildren(node("p", "soft", value.problem));
    if (!gallery() || value.photo !== gallery().photo || value.layer !== look.layer || value.channel !== look.channel) return;
    details = value;
    values = new Float32Array(bytesOf(value.values).buffer);
    root.removeAttribute("aria-busy");
    draw();
  }

  function draw() {
    const { words, legend } = gallery();
    const map = node("div", "large-map");
    const picture = Object.assign(node("img", "pixels"), { src: details.picture, alt: "" });
    const mark = node("div", "value-frame");
    mark.hidden = true;
    map.append(picture, mark);
    map.tabIndex = 0;
    map.setAttribute("role", "application");
    map.setAttribute("aria-label", fill(words.map_keys, { name: details.name }));
    map.addEventListener("pointermove", (event) => point(placeIn(picture, event)));
    map.addEventListener("pointerdown", (event) => point(placeIn(picture, event)));
    map.addEventListener("pointerleave", () => point(null));
    map.addEventListener("keydown", (event) => key(event));
    const told = node("div", "large-told");
    const value = node("p", "soft large-value", details.field ? words.point_hint : "");
    value.setAttribute("role", "status");
    const name = node("p");
    name.append(node("b", "", details.name), ` · ${details.place}`);
    told.append(value, name, ...details.facts.map((fact) => node("p", "soft", fact)));
    if (details.silent) told.append(node("p", "soft", details.silent));
    told.append(histogram(details.histogram, legend.kind));
    if (details.filter) told.append(learned(words));
    told.append(buttons(words));
    root.replaceChildren(map, told);
    picture.style.aspectRatio = details.size.join(" / ");
  }

  // The filter that made this map, and the way to the laboratory, where it can be tried.
  function learned(words) {
    const row = node("div", "learned");
    row.append(Object.assign(node("img", "pixels"), { src: details.filter, alt: words.filter_of }));
    row.append(node("p", "soft", words.filter_of));
    row.append(button("action", words.to_lab, () => openLearned(gallery().network, details.channel)));
    return row;
  }

  function buttons(words) {
    const row = node("div", "downloads");
    row.append(button("action", words.channel_png, () => savePng(row)));
    return row;
  }

  async function savePng(row) {
    const { file } = gallery();
    const picture = root.querySelector("img");
    await picture.decode();
    const whole = Math.max(1, Math.round(448 / Math.max(...details.size))) * Math.max(...details.size);
    const { legend } = details;
    const shown = { legend: { ...legend, colours: coloursOf(legend.kind, row) } };
    const tiles = [{ source: picture, notes: [] }];
    const lines = [...details.facts, file.line];
    const canvas = sheet({ title: `${details.name} · ${details.place}`, lines, tiles, columns: 1, side: whole, ...shown, fonts: row });
    saveCanvas(canvas, `${file.name}-${details.channel}.png`);
  }

  // ---- pointing
  function placeIn(picture, { clientX, clientY }) {
    const box = picture.getBoundingClientRect();
    const [width, height] = details.size;
    const [column, row] = [((clientX - box.left) / box.width) * width, ((clientY - box.top) / box.height) * height];
    return [within(Math.floor(row), 0, height - 1), within(Math.floor(column), 0, width - 1)];
  }

  function key(event) {
    const move = ARROWS[event.key];
    if (!move || !details) return;
    event.preventDefault();
    const [width, height] = details.size;
    const [row, column] = at ?? [Math.floor(height / 2), Math.floor(width / 2)];
    point([within(row + move[0], 0, height - 1), within(column + move[1], 0, width - 1)]);
  }

  // A value is pointed at: say it, mark it, and frame what it sees.
  function point(place) {
    if (!details) return;
    at = place;
    const { words } = gallery();
    const said = root.querySelector(".large-value");
    if (!place) {
      said.textContent = details.field ? words.point_hint : "";
      markValues(null);
      return frame(null);
    }
    const [row, column] = place;
    const value = withMinus(String(Number(values[row * details.size[0] + column].toPrecision(4))));
    said.textContent = fill(words.value_at, { row: row + 1, column: column + 1, value });
    markValues([row, column, row + 1, column + 1]);
    frame(details.field ? seenBy(details.field, row, column) : { x: 0, y: 0, w: 1, h: 1 });
  }

  // Frame these values, from row and column to row and column, the last two exclusive.
  function markValues(part) {
    const mark = root.querySelector(".value-frame");
    if (!mark) return;
    mark.hidden = !part;
    if (!part) return;
    const [width, height] = details.size;
    const [top, left, bottom, right] = part;
    const sides = { left: left / width, top: top / height, width: (right - left) / width, height: (bottom - top) / height };
    for (const [side, share] of Object.entries(sides)) mark.style[side] = `${100 * share}%`;
  }

  document.addEventListener("pointermove", (event) => {
    if (!details?.field || !root.isConnected || root.offsetParent === null || event.target !== photo()) return;
    const place = pointedAt(event);
    if (!place) return;
    markValues(seeing(details.field, details.size, place));
    root.querySelector(".large-value").textContent = gallery().words.seen_by;
  });
  document.addEventListener("pointerout", (event) => { if (details && event.target === photo()) point(null); });

  follow(begin);
  watch("value", arrive);
  begin();
}

// What a value sees, {x, y, w, h} in shares of the photo's sides, as far as it lies on the photo.
export function seenBy({ size, stride, start, input, seen }, row, column) {
  const [left, top, width, height] = seen;
  const ends = (axis, place, from, side) => {
    const first = start[axis] + place * stride[axis];
    return [first, first + size[axis]].map((pixel) => within(from + (pixel / input[axis]) * side, Math.max(0, from), Math.min(1, from + side)));
  };
  const [[y, bottom], [x, right]] = [ends(0, row, top, height), ends(1, column, left, width)];
  return { x, y, w: right - x, h: bottom - y };
}

// The values that see a place {x, y} of the photo: first row and column, and those after the last; null where none does.
export function seeing({ size, stride, start, input, seen }, [columns, rows], { x, y }) {
  const [left, top, width, height] = seen;
  const range = (axis, place, count) => {
    const pixel = place * input[axis];
    const first = Math.max(0, Math.floor((pixel - size[axis] - start[axis]) / stride[axis]) + 1);
    return [first, Math.min(count, Math.floor((pixel - start[axis]) / stride[axis]) + 1)];
  };
  const [[firstRow, lastRow], [firstColumn, lastColumn]] = [range(0, (y - top) / height, rows), range(1, (x - left) / width, columns)];
  return firstRow < lastRow && firstColumn < lastColumn ? [firstRow, firstColumn, lastRow, lastColumn] : null;
}

function histogram({ counts, low, high, alt }, kind) {
  const box = node("div", "histogram");
  const ends = node("div", "soft histogram-ends");
  ends.append(node("span", "", low), node("span", "", high));
  box.append(bars(counts, alt, kind), ends);
  return box;
}

// A histogram without its ends; a bar is as high as the square root of its count.
export function bars(counts, alt, kind = "") {
  const box = node("div", `histogram-bars ${kind}`);
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", alt);
  const most = Math.max(...counts);
  box.append(...counts.map((count) => {
    const bar = node("i");
    bar.style.height = `${count ? Math.max(3, 100 * Math.sqrt(count / most)) : 0}%`;
    bar.title = String(count);
    return bar;
  }));
  return box;
}
