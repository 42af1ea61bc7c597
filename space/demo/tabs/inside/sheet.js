// A picture to keep: tiles in rows with their notes, a title above, a line and what the colours mean below.

import { node } from "../../page/common.js";

const [GAP, MARGIN, HEAD, LINE, BAR] = [8, 24, 64, 20, 160];

// tiles: {source, from: [x, y, width, height] of it (all of it without), notes}; fonts: an element whose font is taken.
export function sheet({ title, lines, tiles, columns, side, legend, fonts }) {
  const family = getComputedStyle(fonts).fontFamily;
  const notes = Math.max(0, ...tiles.map((tile) => tile.notes?.length ?? 0));
  const step = [side + GAP, side + GAP + notes * LINE];
  const rows = Math.ceil(tiles.length / columns);
  const wide = Math.max(640, 2 * MARGIN + columns * step[0] - GAP);
  const canvas = node("canvas");
  const pen = canvas.getContext("2d");
  pen.font = `15px ${family}`;
  const below = lines.flatMap((line) => wrapped(pen, line, wide - 2 * MARGIN));
  canvas.width = wide;
  canvas.height = 2 * MARGIN + HEAD + rows * step[1] + (below.length + (legend ? 1 : 0)) * LINE;
  const write = (text, x, y, widest, style, colour) => {
    Object.assign(pen, { font: `${style} ${family}`, fillStyle: colour });
    pen.fillText(text, x, y, widest);
  };
  const whole = canvas.width - 2 * MARGIN;
  pen.fillStyle = "#fbfaf7";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  write(title, MARGIN, MARGIN + 24, whole, "700 22px", "#1d1c1a");
  pen.imageSmoothingEnabled = false;
  tiles.forEach(({ source, from, notes: told = [] }, place) => {
    const [left, top] = [MARGIN + (place % columns) * step[0], MARGIN + HEAD - 16 + Math.floor(place / columns) * step[1]];
    const [x, y, width, height] = from ?? [0, 0, source.naturalWidth ?? source.width, source.naturalHeight ?? source.height];
    const scale = side / Math.max(width, height);
    pen.drawImage(source, x, y, width, height, left, top, width * scale, height * scale);
    told.forEach((note, line) => write(note, left, top + side + 15 + line * LINE, side, "13px", "#1d1c1a"));
  });
  let bottom = MARGIN + HEAD - 16 + rows * step[1] + LINE;
  if (legend) {
    const low = `${legend.low} `;
    write(low, MARGIN, bottom, whole, "15px", "#6b6862");
    const at = MARGIN + pen.measureText(low).width;
    legend.colours.forEach(([r, g, b], place, all) => {
      pen.fillStyle = `rgb(${r} ${g} ${b})`;
      pen.fillRect(at + (place * BAR) / all.length, bottom - 10, BAR / all.length + 1, 10);
    });
    write(` ${legend.high} · ${legend.meaning}`, at + BAR, bottom, whole, "15px", "#6b6862");
    bottom += LINE;
  }
  for (const line of below) {
    write(line, MARGIN, bottom, whole, "15px", "#6b6862");
    bottom += LINE;
  }
  return canvas;
}

// A line cut into as many as fit, between words or, where they have none, between characters.
function wrapped(pen, text, width) {
  const made = [""];
  for (const part of text.match(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g) ?? []) {
    if (made.at(-1) && pen.measureText(made.at(-1) + part.trimEnd()).width > width) made.push("");
    made[made.length - 1] += part;
  }
  return made;
}
