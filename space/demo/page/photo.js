// The photo column: the photo with its frames, the examples, and the ways to bring a photo of one's own.
// A photo of the visitor's is shown from the browser at once and uploaded beside it; "own" tells Python when it is there, as
// it does of an example, and "unseen" asks for a preview where the browser cannot show the file.

import { set } from "./address.js";
import { button, node, press } from "./common.js";
import { Crop } from "./crop.js";
import { Pad } from "./pad.js";
import { Uploads, cutOut, fileField, fillPicker, namePicker, refusal } from "./upload.js";
import { giveUp, isStale, photoChosen } from "./working.js";

let column = null; // the page's only one
let arrive;
const arrived = new Promise((done) => { arrive = done; });

export function mount(gradio) {
  column = new PhotoColumn(gradio);
  arrive();
}

// The <img> of the photo, whatever it shows.
export const photo = () => column.picture;
// Frame a part of the photo, {x, y, w, h} in shares of its sides, or null to take the frame away.
export const frame = (part) => column?.mark(part);
// Lay a mark of the caller's over a place {x, y} of the photo, in shares of its sides; it is `side` pixels wide and high.
export const layAt = (mark, { x, y }, side) => {
  if (mark.parentElement !== column.frame) column.frame.append(mark);
  column.layOver(mark, { x, y, w: 0, h: 0 }, side);
};
// acted() is called when the photo has another size on the page.
export const onResize = (acted) => arrived.then(() => new ResizeObserver(acted).observe(column.frame));
// Where an event points on the photo, {x, y} in shares of its sides, or null.
export const pointedAt = (event) => column?.pointedAt(event) ?? null;
// The examples' small pictures and their files, as soon as they are here.
export const examples = () => arrived.then(() => column.props);

class PhotoColumn {
  constructor({ element, props, trigger, upload, watch }) {
    Object.assign(this, { props, trigger, root: element.querySelector(".photo-column"), chosen: props.value?.chosen ?? 0 });
    this.uploads = new Uploads(this.root, upload);
    this.build();
    this.listen();
    this.showExample(this.chosen);
    this.drawActions();
    watch(["names", "words"], () => this.drawWords());
    watch("value", () => this.answered());
  }

  build() {
    [this.stage, this.frame, this.ways] = ["photo-stage", "photo-frame", "photo-ways"].map((name) => node("div", name));
    this.picture = node("img", "photo-picture");
    this.video = node("video", "photo-video");
    this.marks = node("div", "photo-marks");
    this.crop = new Crop(this);
    this.pad = new Pad();
    this.pad.element.hidden = true;
    this.pad.element.addEventListener("keydown", (event) => this.padKey(event));
    this.empty = node("p", "photo-empty");
    this.remove = this.action("remove", () => this.clear(), "photo-remove");
    this.problem = node("p", "photo-problem");
    this.picker = node("div", "picker");
    this.actions = node("div", "photo-actions");
    this.add = this.action("add", () => this.openWays(!this.ways.classList.contains("open")), "photo-add");
    this.kept = node("p", "soft photo-kept");
    this.field = fileField((file) => this.bring(file));
    this.field.word.dataset.word = "upload";
    this.video.muted = this.video.playsInline = true;
    this.problem.setAttribute("role", "alert");
    for (const part of [this.video, this.marks, this.problem, this.empty]) part.hidden = true;
    this.ways.append(this.field.label, this.action("camera", () => this.camera()), this.action("paste", () => this.paste()),
      this.action("draw", () => this.startDrawing()), this.kept);
    fillPicker(this.picker, this.props.thumbnails, (index) => this.example(index));
    [...this.picker.children].forEach((made, index) => { made.dataset.key = this.props.keys[index]; });
    this.frame.append(this.picture, this.video, this.marks, this.crop.shade, this.crop.box, this.pad.element, this.empty, this.remove);
    this.stage.append(this.frame, this.actions);
    this.root.append(this.stage, this.problem, this.picker);
    this.openWays(false);
  }

  // On a phone the ways to add a photo are a menu; where there is room they always stand open.
  openWays(isOpen) {
    this.ways.classList.toggle("open", isOpen);
    this.add.setAttribute("aria-expanded", String(isOpen));
  }

  listen() {
    this.frame.addEventListener("dragover", (event) => event.preventDefault());
    this.frame.addEventListener("drop", (event) => { event.preventDefault(); this.bring(event.dataTransfer.files[0]); });
    this.picture.addEventListener("error", () => this.cannotShow()); // until a preview comes
    this.picture.addEventListener("load", () => this.showShape());
    document.addEventListener("click", (event) => { if (!this.add.contains(event.target)) this.openWays(false); });
    this.root.addEventListener("keydown", (event) => { if (event.key === "Escape") this.openWays(false); });
    window.addEventListener("online", () => this.retry());
    document.addEventListener("paste", (event) => {
      const item = [...(event.clipboardData?.items ?? [])].find((one) => one.type.startsWith("image/"));
      if (item) { event.preventDefault(); this.bring(item.getAsFile()); }
    });
  }

  // ---- what is shown
  show(url) {
    if (this.url?.startsWith("blob:")) URL.revokeObjectURL(this.url);
    this.url = url;
    this.picture.hidden = !url;
    this.empty.hidden = Boolean(url);
    this.empty.textContent = this.props.words.empty;
    this.remove.hidden = !url;
    if (url) this.picture.src = url;
    else this.picture.removeAttribute("src");
    this.mark(null);
  }

  // The frame takes the photo's shape, so that neither stands beside the other.
  showShape() {
    const { naturalWidth: width, naturalHeight: height } = this.picture;
    this.picture.hidden = false;
    this.empty.hidden = true;
    this.frame.style.setProperty("--photo-ratio", width / height);
    this.crop.draw();
  }

  cannotShow() {
    this.picture.hidden = true;
    if (this.chosen >= 0) return; // its small picture stands there
    this.empty.hidden = false;
    this.empty.textContent = this.props.words.unseen;
    this.frame.style.removeProperty("--photo-ratio");
  }

  // Python answers with a preview where the browser cannot show the file itself, or chooses an example for a link.
  answered() {
    const value = this.props.value ?? {};
    if (value.preview) this.show(value.preview);
    if (value.chosen >= 0 && value.chosen !== this.chosen) this.showExample(value.chosen);
  }

  showExample(index) {
    this.choose(index);
    this.frame.style.setProperty("--photo-ratio", this.props.shapes[index]);
    this.frame.style.backgroundImage = `url("${this.props.thumbnails[index]}")`; // stands there until the photo has come
    this.file = this.props.files[index];
    const { path } = this.file;
    this.show(`gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`);
    this.picture.hidden = !this.picture.complete;
    photoChosen(path);
  }

  choose(index) {
    this.chosen = index;
    this.frame.style.backgroundImage = "";
    press(this.picker.children, index);
    this.picture.alt = this.name();
  }

  name() { return this.chosen >= 0 ? this.props.names[this.chosen] : this.props.words.own; }

  // A button whose text follows the language.
  action(word, act, className) {
    const made = button(className, undefined, act);
    made.dataset.word = word;
    return made;
  }

  drawActions() {
    const choices = {
      crop: [this.action("crop_use", () => this.useCrop()), this.action("cancel", () => this.endCrop())],
      camera: [this.action("snap", () => this.snap()), this.action("cancel", () => this.endCamera())],
      draw: [this.action("draw_use", () => this.useDrawing()), this.action("draw_clear", () => this.pad.clear()), this.action("cancel", () => this.endDrawing())],
      none: [this.add, this.ways, this.action("crop", () => this.startCrop())],
    };
    const mode = this.crop.part ? "crop" : this.stream ? "camera" : this.pad.element.hidden ? "none" : "draw";
    this.root.dataset.mode = mode;
    this.actions.replaceChildren(...choices[mode]);
    this.drawWords();
  }

  drawWords() {
    const { names, words } = this.props;
    this.root.querySelectorAll("[data-word]").forEach((made) => {
      const text = words[made.dataset.word];
      if (made === this.remove) made.title = text;
      else made.textContent = text;
      made.setAttribute("aria-label", text);
    });
    this.picture.alt = this.name();
    this.empty.textContent = this.url ? words.unseen : words.empty;
    this.kept.textContent = words.kept;
    this.crop.drawWords(words);
    this.pad.named(words.draw_pad, (isDown) => this.say(isDown ? "draw_down" : "draw_up"));
    this.field.input.setAttribute("aria-label", words.upload);
    this.video.setAttribute("aria-label", words.camera);
    namePicker(this.picker, words.examples, names);
  }

  say(word) {
    this.problem.hidden = !word;
    this.problem.textContent = word ? this.props.words[word] : "";
  }

  // Where the picture itself lies inside its box, which it fills as far as its shape allows; in CSS pixels.
  box() {
    const { picture } = this;
    const [width, height] = [picture.naturalWidth || 1, picture.naturalHeight || 1];
    const scale = Math.min(picture.clientWidth / width, picture.clientHeight / height);
    return {
      left: picture.offsetLeft + (picture.clientWidth - width * scale) / 2,
      top: picture.offsetTop + (picture.clientHeight - height * scale) / 2,
      width: width * scale, height: height * scale,
    };
  }

  // Lay a mark over a part of the picture, {x, y, w, h} in shares of its sides; it is no smaller than `least` pixels.
  layOver(mark, { x, y, w, h }, least = 0) {
    const box = this.box();
    const [width, height] = [Math.max(w * box.width, least), Math.max(h * box.height, least)];
    const [left, top] = [box.left + (x + w / 2) * box.width - width / 2, box.top + (y + h / 2) * box.height - height / 2];
    for (const [side, value] of Object.entries({ left, top, width, height })) mark.style[side] = `${value}px`;
  }

  mark(part) {
    this.marks.hidden = !part;
    if (part) this.layOver(this.marks, part, 8);
  }

  pointedAt({ target, clientX, clientY }) {
    if (target !== this.picture || this.root.dataset.mode !== "none") return null;
    const [box, place] = [this.box(), this.frame.getBoundingClientRect()];
    const [x, y] = [(clientX - place.left - box.left) / box.width, (clientY - place.top - box.top) / box.height];
    return x >= 0 && x < 1 && y >= 0 && y < 1 ? { x, y } : null;
  }

  // ---- where a photo comes from
  example(index) {
    this.leave();
    this.showExample(index);
    set({ example: this.props.keys[index] });
    this.tell(index, this.props.files[index]);
  }

  // The photo is this one now.
  tell(chosen, file) {
    this.file = file;
    this.props.value = { chosen, file };
    photoChosen(file?.path ?? null);
    this.trigger("own");
  }

  clear() {
    this.leave();
    this.choose(-1);
    this.show(null);
    set({ example: null });
    this.tell(-1, null);
  }

  // Show a file at once, upload it, and then tell Python.
  async bring(file) {
    this.leave();
    if (!file) return;
    if (file.size > this.props.max_bytes) return this.say("too_heavy");
    photoChosen(file);
    this.show(URL.createObjectURL(file));
    this.choose(-1);
    set({ example: null });
    const isShown = this.picture.decode().then(() => true, () => false);
    try {
      const sent = await this.uploads.send(file);
      if (!sent) return;
      this.tell(-1, sent);
      if (!(await isShown) && this.props.value.file === sent) this.trigger("unseen");
    } catch (error) {
      this.failed = file;
      this.say(refusal(error) ?? "upload_failed");
      giveUp();
    }
  }

  // The connection is back: what was lost with it is asked for again.
  retry() {
    if (this.failed) this.bring(this.failed);
    else if (isStale()) this.tell(this.chosen, this.file);
  }

  leave() {
    this.failed = null;
    this.uploads.overtake();
    this.say(null);
    this.endCrop();
    this.endCamera();
    this.endDrawing();
  }

  async paste() {
    this.say(null);
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith("image/"));
        if (type) return this.bring(new File([await item.getType(type)], "pasted.png", { type }));
      }
      this.say("paste_nothing");
    } catch {
      this.say("paste_keys");
    }
  }

  async camera() {
    this.say(null);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      return this.say("camera_none");
    }
    this.video.srcObject = this.stream;
    this.video.hidden = false;
    await this.video.play();
    this.drawActions();
  }

  async snap() {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth) this.bring(await cutOut(this.video, [0, 0, videoWidth, videoHeight], "camera.png"));
  }

  endCamera() {
    if (!this.stream) return;
    this.stream.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.hidden = true;
    this.video.srcObject = null;
    this.drawActions();
  }

  startDrawing() {
    this.leave();
    this.pad.clear();
    this.pad.element.hidden = false;
    this.drawActions();
    this.pad.element.focus();
  }

  endDrawing() {
    if (this.pad.element.hidden) return;
    this.pad.element.hidden = true;
    this.say(null);
    this.drawActions();
  }

  async useDrawing() {
    const file = await this.pad.asFile("drawing.png");
    if (file) this.bring(file);
    else this.say("draw_nothing");
  }

  padKey(event) {
    if (event.key === "Enter") this.useDrawing();
    else if (event.key === "Escape") this.endDrawing();
  }

  startCrop() {
    if (!this.picture.naturalWidth) return;
    this.say(null);
    this.crop.set({ x: 0.15, y: 0.15, w: 0.7, h: 0.7 });
    this.drawActions();
    this.crop.box.focus();
  }

  endCrop() {
    if (!this.crop.part) return;
    this.crop.set(null);
    this.drawActions();
  }

  async useCrop() {
    const { picture } = this;
    this.bring(await cutOut(picture, this.crop.pixels(picture.naturalWidth, picture.naturalHeight), "crop.png"));
  }
}
