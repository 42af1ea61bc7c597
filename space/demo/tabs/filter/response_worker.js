// Computes response maps beside the page, which stays free to follow the finger. lab_live.js sends the photo once, then jobs.

import { bytesOf } from "../../page/common.js";
import { respond } from "./response.js";

let photo = null;
let colours = null;

addEventListener("message", ({ data }) => {
  if (data.photo) {
    photo = data.photo;
    colours = Object.fromEntries(Object.entries(data.colours).map(([name, packed]) => [name, tableOf(bytesOf(packed))]));
    return;
  }
  const made = respond(photo, data.settings, colours, data.shown);
  const pictures = [made, ...(made.steps ?? [])].map(({ picture }) => picture.pixels.buffer);
  postMessage({ ...made, number: data.number, settings: data.settings }, pictures);
});

// 256 colours, three bytes each -> as a canvas has them, 32 bits each.
const tableOf = (rgb) => Uint32Array.from({ length: 256 }, (_, i) => (
  (0xff000000 | (rgb[3 * i + 2] << 16) | (rgb[3 * i + 1] << 8) | rgb[3 * i]) >>> 0));
