// The kernel laboratory. props.value is made by answer.py, props.pixels by photo/pixels.py, props.words by tab.py; a photo whose
// pixels are not here yet triggers "want_pixels". Once they are, lab_live.js makes the map; a changed setting triggers
// "change_settings" all the same, with which the server makes the map, or else only what the page cannot know.

import { set } from "../../page/address.js";
import { ARROWS, Requests, bytesOf, fill, saveBlob, saveCanvas, within } from "../../page/common.js";
import { pointedAt } from "../../page/photo.js";
import { Alike } from "./lab_alike.js";
import { drawControls, drawPresets, listenToControls, ownKernel } from "./lab_controls.js";
import { linkOf, presetName, signature } from "./lab_link.js";
import { Live, paint, screenOf } from "./lab_live.js";
import { grouped, numberOf, padding, reach, resized, say, strip, unpacked } from "./lab_math.js";
import { Walk } from "./lab_play.js";
import { responder } from "./responder.js";
import { leave } from "./learned.js";
import { problemSaid, saidOf } from "./lab_said.js";
import { drawSteps } from "./lab_stack.js";
import { written } from "./said.js";
import { drawKernel, drawMapFrame, drawPhotoFrame, drawStrip, drawTitles, isClipped } from "./lab_view.js";

const LONGEST_WAIT = 15_000; // milliseconds
const PAUSE = 400; // milliseconds without a change, after which the server is told what the browser has drawn already

export function mount(gradio, offered) {
  const lab = new Lab(gradio, offered);
  window.cnnhubLab = { strip, say, resized, now: () => lab.now() }; // for tests and measurements
}

const copied = (data) => JSON.parse(JSON.stringify(data)); // what gradio hands over are proxies

// What all of the laboratory's modules draw from, and what they ask of each other.
class Lab {
  constructor({ element, props, trigger, watch }, offered) {
    Object.assign(this, { element, props, trigger, offered });
    this.settings = copied(offered.first); // what the visitor chose, mistakes included
    this.answered = this.settings; // what the map on the screen was made with
    this.value = null; // the last answer with a map
    this.saying = null; // the answer whose words are on the screen
    this.photo = null; // its pixels
    this.pinned = null; // [row, column] chosen by the visitor; else the strongest answer is pointed at
    this.hovered = null;
    this.refused = false; // was the last answer that the settings cannot be used
    this.touched = false; // did the visitor change anything here yet
    this.isFramed = false; // is there a frame on the photo
    this.requests = new Requests(
      (number) => trigger("change_settings", {
        number, settings: { ...this.settings, at: this.pinned }, pixels: this.photo?.isWhole ? this.photo.id : null,
        is_drawn: this.live.isReady,
      }), LONGEST_WAIT);
    this.live = new Live(this);
    [this.walk, this.alike] = [new Walk(this), new Alike(this, watch, (data) => trigger("want_alike", data))];
    this.listen();
    watch("value", () => this.receive());
    watch("pixels", () => this.receivePixels(this.props.pixels));
    watch(["words", "language"], () => this.reword());
    this.drawAll();
    this.receivePixels(props.pixels);
    this.receive();
  }

  find(selector) { return this.element.querySelector(selector); }
  findAll(selector) { return this.element.querySelectorAll(selector); }
  get words() { return this.props.words; }
  said(of) { return of.said ? of.said[this.props.language] ?? of.said.en : saidOf(this, of.facts); }
  screen() { return screenOf(this.find(".map")); }

  // The value that everything speaks of.
  get point() { return this.walk.point ?? this.hovered ?? this.pinned ?? this.value.strongest ?? [0, 0]; }

  now() {
    const { settings, answered, value } = this;
    const photo = this.photo?.isWhole ? this.photo : null;
    const busy = this.requests.pending || this.live.isBusy;
    return { settings, answered, value, photo, point: value?.map ? this.point : null, busy };
  }

  // A setting changed: the browser draws what follows, or asks the server.
  send(delay = 0) {
    this.touched = true;
    leave();
    this.walk.stop();
    this.requests.later(this.live.respond() ? PAUSE : delay);
  }

  editWeight(place, text) {
    const { settings } = this;
    const size = settings.weights.length;
    const index = settings.flipped ? size * size - 1 - place : place;
    settings.weights = copied(settings.weights); // those that were sent stay as they are
    settings.weights[Math.floor(index / size)][index % size] = numberOf(text);
    ownKernel(this);
  }

  // ---- Python -> JS
  receive() {
    const got = this.props.value;
    if (got) this.steady(this.looked(), () => this.take(got));
  }

  // What the visitor looks at.
  looked() {
    const focused = document.activeElement;
    return this.element.contains(focused) ? focused : this.find(".map-place");
  }

  // Whatever grows or shrinks above it, what the visitor looks at or just touched stays where it is.
  steady(place, act) {
    const before = place.getBoundingClientRect().top;
    act();
    const moved = place.getBoundingClientRect().top - before;
    if (moved && this.element.offsetParent && scrollY > 0) scrollBy({ top: moved, behavior: "instant" });
  }

  take(got) {
    if (got.number) this.requests.settle(got.number);
    if (got.number && got.snippet && (this.live.isReady || !got.map)) return this.takeSnippet(got);
    if (got.number && this.live.isReady && this.requests.pending) return; // refused, and changed since
    this.find(".lab").classList.toggle("empty", Boolean(got.empty));
    this.find(".map-place").classList.toggle("stale", !got.map);
    if (got.map) this.takeMap(got);
    else this.refused = !got.empty;
    if (got.empty) {
      this.value = null;
      drawPhotoFrame(this, [0, 0]);
    }
    this.drawSaid(got);
    this.drawAll();
  }

  takeMap(got) {
    const before = this.value;
    this.value = got;
    this.answered = copied(got.settings);
    this.follow(before);
    const isAlike = JSON.stringify({ ...got.settings, at: null }) === JSON.stringify({ ...this.settings, at: null });
    const isFromLink = !got.number && !this.requests.pending && !this.refused && !isAlike;
    if (!this.touched || isFromLink) {
      this.settings = copied(got.settings);
      this.pinned = got.settings.at;
    }
    if (this.pinned) this.pinned = [Math.min(this.pinned[0], got.map.height - 1), Math.min(this.pinned[1], got.map.width - 1)];
    this.refused = false;
    if (this.photo?.id !== got.photo || !this.photo.isWhole) this.takeNeighbourhood(got);
    this.walk.stop();
    this.swapPicture();
    this.keepInAddress();
    this.live.overtake();
    this.live.respond();
    this.alike.want();
  }

  // What only the server knows of a map that the browser has drawn.
  takeSnippet({ settings, snippet }) {
    if (!this.value || signature(settings) !== signature(this.value.settings)) return;
    this.value.snippet = snippet;
    this.drawSnippet(snippet);
  }

  // The browser made a map: one as fine as the screen keeps the words of the one before, for as long as it takes to make all of it.
  takeLive({ picture, ...facts }) {
    const before = this.value;
    const { width, height, kind, low, high, isWhole, settings, strongest } = facts;
    const { snippet } = signature(settings) === signature(before.settings) ? before : {};
    const map = { width, height, kind, low: written(low), high: written(high) };
    this.value = { ...before, settings, map, snippet, isWhole };
    const place = strongest && [strongest.row, strongest.column];
    if (isWhole) Object.assign(this.value, { facts, said: null, steps: facts.steps, strongest: place });
    else this.value.strongest = this.scaled(before.strongest, before);
    this.answered = settings;
    this.refused = false;
    this.follow(before);
    this.drawLive(picture);
  }

  drawLive(picture) {
    const canvas = this.find(".map canvas");
    paint(canvas, picture);
    canvas.hidden = false;
    this.find(".map").style.setProperty("--ratio", this.value.map.width / this.value.map.height);
    this.find(".map-place").classList.remove("stale");
    if (!this.value.isWhole) return this.drawPoint();
    this.steady(this.looked(), () => {
      this.drawSaid(this.value);
      drawControls(this);
      drawSteps(this);
      this.walk.draw();
    });
    this.alike.want();
    this.keepSoon();
  }

  // The browser finds that these settings cannot be used.
  refuse(problem) {
    this.refused = true;
    this.find(".map-place").classList.add("stale");
    this.drawSaid({ problem });
  }

  // The pinned pixel stays at the same place of the photo when the map's size changes.
  follow(before) {
    if (this.pinned && before) this.pinned = before.photo === this.value.photo ? this.scaled(this.pinned, before) : null;
  }

  // A place of the map before -> the same part of the photo on the present one.
  scaled(place, before) {
    return place && ["height", "width"].map((side, i) => Math.floor((place[i] * this.value.map[side]) / before.map[side]));
  }

  // The old picture stays until the new one can be shown.
  async swapPicture() {
    const wanted = this.value;
    const { uri, width, height } = wanted.map;
    const next = new Image();
    next.src = uri;
    await next.decode().catch(() => {});
    if (this.value !== wanted) return;
    Object.assign(this.find(".map img"), { src: next.src, width, height });
    this.find(".map").style.setProperty("--ratio", width / height);
    this.find(".map canvas").hidden = true;
    this.drawPoint();
  }

  // The pixels around the pointed value come with the map; all the others follow when the page has nothing else to do.
  async takeNeighbourhood(got) {
    if (got.near) await this.receivePixels(got.near);
    const idle = window.requestIdleCallback ?? setTimeout;
    idle(() => this.wantPixels());
  }

  wantPixels() {
    const { photo } = this.value ?? {};
    if (!photo || photo === this.wanted) return;
    this.wanted = photo;
    setTimeout(() => { this.wanted = null; }, LONGEST_WAIT); // lost on the way, it may be asked for again
    this.trigger("want_pixels", {});
  }

  async receivePixels(packed) {
    if (!packed) return;
    const made = await unpacked(packed);
    const { photo } = this;
    if (this.value && this.value.photo !== made.id) return; // of a photo before
    if (photo?.id === made.id && photo.isWhole) return;
    this.photo = made;
    if (made.isWhole) responder.take(made, this.offered.colours);
    this.drawPoint();
    this.live.respond();
  }

  keepInAddress() {
    set({ ...linkOf(this.offered, this.answered), at: this.pinned ? this.pinned.map((place) => place + 1).join(",") : null });
  }

  // A browser takes only so many addresses a second.
  keepSoon() {
    clearTimeout(this.linkTimer);
    this.linkTimer = setTimeout(() => this.keepInAddress(), 300);
  }

  // ---- drawing
  drawAll() {
    this.drawWords();
    for (const draw of [drawControls, drawPresets, drawKernel, drawSteps]) draw(this);
    for (const part of [this.walk, this.alike]) part.draw();
  }

  reword() {
    this.find(".sentence").style.minHeight = "";
    if (this.saying) this.drawSaid(this.saying);
    this.drawAll();
  }

  drawSaid(got) {
    this.saying = got;
    const text = got.problem ? { problem: problemSaid(this, got.problem) } : this.said(got);
    if (text.heading) {
      this.find(".sentence h2").textContent = text.heading;
      this.find(".sentence p").textContent = text.line;
      const sentence = this.find(".sentence"); // never shorter again at this width, so that the map does not jump
      sentence.style.minHeight = `${Math.max(sentence.offsetHeight, parseFloat(sentence.style.minHeight) || 0)}px`;
    }
    for (const box of this.findAll(".problem")) {
      const here = text.problem?.place === box.dataset.place;
      box.innerHTML = here ? text.problem.html : ""; // escaped where it was made
      box.hidden = !here;
    }
    if (!got.map) return;
    this.find(".formula").innerHTML = text.formula;
    this.find(".map-place .bar").className = `bar ${got.map.kind}`;
    const said = { ".notes": text.notes, ".low": got.map.low, ".high": got.map.high };
    for (const [selector, words] of Object.entries(said)) this.find(selector).textContent = words;
    this.drawSnippet(got.snippet);
  }

  // The one before is faint until the server has written another.
  drawSnippet(snippet) {
    this.find(".code-fold").classList.toggle("waiting", !snippet);
    if (snippet) this.find(".code-fold code").textContent = snippet;
  }

  drawWords() {
    const { words } = this;
    for (const place of this.findAll("[data-word]")) place.textContent = words[place.dataset.word];
    for (const place of this.findAll("[data-label]")) place.setAttribute("aria-label", words[place.dataset.label]);
    this.find(".step").title = words.play_step;
    this.find(".step").setAttribute("aria-label", `+1: ${words.play_step}`); // whoever speaks to the page says what is seen
    this.find(".end").textContent = words.play_end;
    this.find(".map img").alt = words.response_map;
  }

  drawPoint() {
    if (!this.value?.map) return;
    const { words, point } = this;
    drawTitles(this);
    const found = drawStrip(this, point);
    drawMapFrame(this, point);
    drawPhotoFrame(this, point);
    const { height, width } = this.value.map;
    const [row, column] = [point[0] + 1, point[1] + 1];
    this.find(".position").textContent = fill(words.position, { row, column, height, width });
    const position = fill(words.position_value, { row, column, value: found ? grouped(say(found.value)) : "…" });
    this.find(".map").setAttribute("aria-label", fill(words.map_label, { position }));
    this.find(".to-strongest").disabled = !this.pinned;
  }

  announce() {
    clearTimeout(this.speaker);
    this.speaker = setTimeout(() => {
      if (!this.value?.map) return;
      const [row, column] = [this.point[0] + 1, this.point[1] + 1];
      this.find(".live").textContent = fill(this.words.position_value, { row, column, value: this.find(".value").textContent });
    }, 400);
  }

  // ---- what the visitor does
  listen() {
    listenToControls(this);
    const acts = { ".to-strongest": () => this.pin(null), ".copy": () => this.copySnippet(), ".download": () => this.download() };
    for (const [selector, act] of Object.entries(acts)) this.find(selector).addEventListener("click", act);
    this.listenToMap();
    this.listenToCells();
    this.listenToPhoto();
    this.watchPhoto();
  }

  pin(at) {
    this.hovered = null;
    this.pinned = at;
    this.touched = true;
    this.walk.stop();
    this.walk.draw();
    this.announce();
    this.keepSoon();
  }

  hover(at) { this.hovered = at; this.drawPoint(); }

  locate(event) {
    const box = this.find(".map img").getBoundingClientRect();
    const { height, width } = this.value.map;
    const place = (at, side, values) => within(Math.floor((at / side) * values), 0, values - 1);
    return [place(event.clientY - box.top, box.height, height), place(event.clientX - box.left, box.width, width)];
  }

  listenToMap() {
    const map = this.find(".map");
    const listen = (name, act) => map.addEventListener(name, (event) => this.value?.map && act(event));
    listen("pointermove", (event) => {
      if (this.walk.running) return;
      if (event.buttons) this.pin(this.locate(event));
      else if (event.pointerType === "mouse") this.hover(this.locate(event));
    });
    map.addEventListener("pointerleave", () => this.hover(null));
    listen("pointerdown", (event) => {
      if (event.pointerType !== "mouse") map.setPointerCapture(event.pointerId);
      this.pin(this.locate(event));
    });
    listen("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      const { height, width } = this.value.map;
      this.hovered = null;
      const [row, column] = this.point.map((place, i) => place + (event.shiftKey ? 10 : 1) * ARROWS[event.key][i]);
      this.pin([within(row, 0, height - 1), within(column, 0, width - 1)]);
    });
  }

  // Pointing at a cell of one grid marks the same cell in the others.
  listenToCells() {
    const mark = (event) => {
      const place = event.type === "pointerleave" || event.type === "focusout" ? undefined : event.target.dataset?.cell;
      for (const cell of this.findAll(".strip [data-cell]")) cell.classList.toggle("marked", cell.dataset.cell === place);
    };
    for (const type of ["pointerover", "pointerleave", "focusin", "focusout"]) this.find(".strip").addEventListener(type, mark);
  }

  async copySnippet() {
    const [code, copy] = [this.find(".code-fold code"), this.find(".copy")];
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch { // no permission, or no secure page: the old way
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
      getSelection().removeAllRanges();
    }
    copy.textContent = this.words.copied;
    setTimeout(() => { copy.textContent = this.words.copy; }, 1500);
  }

  download() {
    const { value, answered } = this;
    if (!value?.map) return;
    const parts = [presetName(this.offered, answered) || "own"];
    for (const name of ["stride", "dilation"]) if (answered[name] > 1) parts.push(`${name}${answered[name]}`);
    if (answered.flipped) parts.push("convolution");
    if (answered.colour) parts.push(isClipped(this) ? "rgb" : ["red", "green", "blue"][answered.channel]);
    const name = `${parts.join("-")}.png`;
    if (value.map.uri) saveBlob(new Blob([bytesOf(value.map.uri.split(",")[1])], { type: "image/png" }), name);
    else if (value.isWhole) saveCanvas(this.find(".map canvas"), name);
  }

  // Who points at the photo points at the value of the map whose window lies there.
  listenToPhoto() {
    document.querySelector("#photo").addEventListener("click", (event) => {
      const at = this.find(".map").offsetParent && this.value?.map && this.photo ? pointedAt(event) : null;
      if (!at) return;
      const { height, width } = this.value.map;
      const place = (share, pixels, values) =>
        within(Math.floor((share * pixels + padding(this.answered) - (reach(this.answered) - 1) / 2) / this.answered.stride), 0, values - 1);
      this.pin([place(at.y, this.photo.height, height), place(at.x, this.photo.width, width)]);
    });
  }

  // The photo's frame follows whatever moves the photo, and hides with this tab.
  watchPhoto() {
    const place = document.querySelector("#photo");
    const redraw = () => drawPhotoFrame(this, this.value?.map ? this.point : [0, 0]);
    let width = 0;
    const sizes = new ResizeObserver(() => {
      if (this.element.clientWidth !== width) this.find(".sentence").style.minHeight = "";
      width = this.element.clientWidth;
      redraw();
      if (this.value?.map) drawMapFrame(this, this.point);
      this.alike.want();
    });
    sizes.observe(this.element);
    sizes.observe(place);
    place.addEventListener("load", redraw, true); // images do not bubble
  }
}
