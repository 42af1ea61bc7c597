// The page's door to the network that learns: in a worker, or where there can be none in short slices between the page's frames.

import { Learner } from "./learner.js";

const SLICE = 8; // milliseconds, half a frame

// heard(snapshot) is called a few times a second -> a function that sends the learner a message.
export function startLearning(heard) {
  const kept = {}; // what a learner on the page would have to be told again
  let learner = null;
  let worker = null;
  const stayHere = () => {
    if (learner) return;
    learner = new Learner(heard, SLICE);
    for (const kind of ["digits", "begin"]) if (kept[kind]) learner.take(kept[kind]);
  };
  try {
    worker = new Worker(new URL("./learner_worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => heard(data));
    worker.addEventListener("error", stayHere);
  } catch {
    stayHere();
  }
  return (message) => {
    kept[message.kind] = message;
    if (learner) learner.take(message);
    else worker.postMessage(message);
  };
}
