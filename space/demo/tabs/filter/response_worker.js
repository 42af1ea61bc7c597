// Answers what responder.js asks, with what is computed from the photo's pixels; pictures are handed over, not copied.

import { bytesOf } from "../../page/common.js";
import { survived } from "./pooled.js";
import { respond, tableOf } from "./response.js";

const ANSWERS = {
  map: ({ settings, shown }) => respond(photo, settings, colours, shown),
  pooling: ({ settings }) => survived(photo, settings),
};
let photo = null;
let colours = null;

addEventListener("message", ({ data }) => {
  if (data.photo) {
    photo = data.photo;
    colours = Object.fromEntries(Object.entries(data.colours).map(([name, packed]) => [name, tableOf(bytesOf(packed))]));
    return;
  }
  const made = ANSWERS[data.part](data);
  const pictures = [made, ...(made?.steps ?? []), ...Object.values(made?.figures ?? {})].flatMap((each) => each?.picture ?? []);
  postMessage({ ...made, part: data.part, number: data.number, settings: data.settings }, pictures.map(({ pixels }) => pixels.buffer));
});
