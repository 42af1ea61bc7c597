// The page's one worker for maps. It has the photo's pixels, and answers the laboratory and the fold on pooling beside the page,
// which stays free to follow the finger.

class Responder {
  constructor() {
    Object.assign(this, { worker: null, isBroken: false, parts: {}, photo: null }); // photo: the id of the one whose pixels it has
  }

  // answered(made) is called with each answer to a job of this part, failed() when there will be none.
  join(part, listeners) { this.parts[part] = listeners; }

  take({ id, width, height, planes, grey, means, isScaledDown }, colours) {
    if (this.photo === id || this.isBroken) return;
    this.worker ??= this.made();
    if (!this.worker) return;
    this.worker.postMessage({ photo: { width, height, planes, grey, means }, colours });
    Object.assign(this, { photo: id, isScaledDown });
  }

  ask(part, job) { this.worker?.postMessage({ ...job, part }); }

  made() {
    try {
      const worker = new Worker(new URL("./response_worker.js", import.meta.url), { type: "module" });
      worker.addEventListener("message", ({ data: { part, ...made } }) => this.parts[part].answered(made));
      worker.addEventListener("error", () => this.fail());
      return worker;
    } catch {
      this.isBroken = true;
      return null;
    }
  }

  // The server answers then, as it does before the pixels are here.
  fail() {
    Object.assign(this, { worker: null, photo: null, isBroken: true });
    for (const { failed } of Object.values(this.parts)) failed();
  }
}

export const responder = new Responder();
