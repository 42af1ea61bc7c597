// The small network learns here, beside the page, which stays free; see learner.js.

import { Learner } from "./learner.js";

const SLICE = 40; // milliseconds
const learner = new Learner((snapshot) => postMessage(snapshot), SLICE);
addEventListener("message", ({ data }) => learner.take(data));
