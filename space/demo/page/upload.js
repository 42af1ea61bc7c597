// How a photo of the visitor's gets here: the field that takes a file, what a picture is cut out of, the way to the server.

import { button, node } from "./common.js";

// A label that opens the choice of a file.
export function fileField(bring) {
  const [label, word, input] = [node("label", "photo-upload"), node("span"), node("input", "photo-input")];
  Object.assign(input, { type: "file", accept: "image/*,.heic,.heif" });
  input.addEventListener("change", () => { const file = input.files[0]; input.value = ""; bring(file); });
  label.append(input, word);
  return { label, word, input };
}

// Small pictures to choose one of.
export function fillPicker(picker, thumbnails, choose) {
  picker.setAttribute("role", "group");
  picker.replaceChildren(...thumbnails.map((source, index) => {
    const made = button("", undefined, () => choose(index));
    made.append(Object.assign(node("img"), { src: source }));
    return made;
  }));
}

export function namePicker(picker, title, names) {
  picker.setAttribute("aria-label", title);
  [...picker.children].forEach((made, index) => { made.title = made.firstChild.alt = names[index]; });
}

// A part of a picture or of a video's present frame -> a file, without loss.
export function cutOut(source, [x, y, width, height], name) {
  const canvas = node("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").drawImage(source, x, y, width, height, 0, 0, width, height);
  return new Promise((done) => { canvas.toBlob((blob) => done(new File([blob], name, { type: "image/png" })), "image/png"); });
}

// The word for why the server did not take a file, where it said so; gradio's client puts the status into its error's message.
export const refusal = ({ message }) => ({ 413: "too_heavy", 429: "too_many", 507: "disk_full" })[/^HTTP (\d+)/.exec(message)?.[1]];

// Files on their way to the server. Whatever is chosen later overtakes them.
export class Uploads {
  constructor(root, upload) { Object.assign(this, { root, upload, ticket: 0 }); }
  overtake() { this.ticket += 1; }

  // -> what Python gets of the file, or null where it was overtaken; an upload that fails throws.
  async send(file) {
    this.overtake();
    const { ticket } = this;
    this.root.setAttribute("aria-busy", "true");
    try {
      const sent = await this.upload(file);
      return ticket === this.ticket ? { ...sent, orig_name: file.name, meta: { _type: "gradio.FileData" } } : null;
    } catch (error) {
      if (ticket === this.ticket) throw error;
      return null;
    } finally {
      this.root.removeAttribute("aria-busy");
    }
  }
}
