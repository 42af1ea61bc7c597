// Which examples the shown channel answers to most and where, and its map of one of them, or of a second photo of the visitor's,
// beside the photo's. Made by channel.py.

import { button, node, press } from "../../page/common.js";
import { Uploads, fileField } from "../../page/upload.js";
import { follow, gallery, now } from "./look.js";

export function mount({ element, props, trigger, upload, watch }) {
  const root = element.querySelector(".inside-examples");
  const uploads = new Uploads(root, upload);
  const field = fileField(bring);
  const problem = node("p");
  let asked = 0;
  let isOpen = false; // once opened, it follows the channel
  let own = null; // the visitor's second photo: {file, url}
  let isWaiting = false; // is that one to be compared as soon as the examples are there

  problem.setAttribute("role", "alert");

  function begin() {
    const value = gallery();
    if (!value) return root.replaceChildren();
    uploads.overtake();
    problem.textContent = "";
    field.word.textContent = value.words.compare_own;
    field.input.setAttribute("aria-label", value.words.compare_own);
    if (isOpen) return excite();
    const row = node("div", "downloads");
    row.append(button("action", value.words.excited, () => { isOpen = true; excite(); }), field.label);
    root.replaceChildren(row, problem);
  }

  const excite = () => trigger("excited", question());
  const compare = (example) => trigger("beside", { ...question(), example });

  function compareOwn() {
    props.value = { ...question(), file: own.file };
    trigger("own");
  }

  function question() {
    asked += 1;
    root.setAttribute("aria-busy", "true");
    return { ...now(), asked };
  }

  async function bring(file) {
    if (!file) return;
    problem.textContent = "";
    if (file.size > gallery().max_bytes) return refuse();
    try {
      const sent = await uploads.send(file);
      if (!sent) return;
      if (own) URL.revokeObjectURL(own.url);
      own = { file: sent, url: URL.createObjectURL(file) };
      [isOpen, isWaiting] = [true, true];
      excite();
    } catch {
      refuse();
    }
  }

  const refuse = () => { problem.textContent = gallery().words.compare_failed; };

  function arrive() {
    const { value } = props;
    if (!value || value.asked !== asked || !gallery()) return;
    root.removeAttribute("aria-busy");
    if (value.problem) return root.replaceChildren(node("p", "soft", value.problem));
    if (value.beside) return beside(value.beside);
    list(value);
    if (isWaiting) root.querySelector(".own-example").click();
    isWaiting = false;
  }

  function list({ title, half, examples: found, spots }) {
    const { words } = gallery();
    const row = node("div", "excited");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", words.excited);
    const choice = (source, name, told, act) => {
      const made = button("example", undefined, () => { press(row.children, [...row.children].indexOf(made)); act(); });
      made.append(Object.assign(node("img"), { src: source, alt: name }), node("span", "soft", told));
      made.title = name;
      return made;
    };
    row.append(...found.map(({ index, name, value, picture }) => choice(picture, name, value, () => compare(index))));
    if (own) {
      row.append(choice(own.url, "", words.second_photo, compareOwn));
      row.lastChild.classList.add("own-example");
    }
    const cut = spots.length ? [node("p", "soft", words.excited_spots), cuts(spots, found)] : [];
    root.replaceChildren(node("p", "excited-title", title), node("p", "soft", words.excited_said), row, node("p", "excited-half", half), ...cut, field.label, problem);
  }

  function cuts(spots, found) {
    const row = node("div", "excited-spots");
    row.append(...spots.map(({ index, picture }) => {
      const { name, value } = found.find((each) => each.index === index);
      const whole = node("figure");
      whole.append(Object.assign(node("img"), { src: picture, alt: name, title: name }), node("figcaption", "soft", value));
      return whole;
    }));
    return row;
  }

  function beside({ name, picture, most, problem: told }) {
    root.querySelector(".beside")?.remove();
    const box = node("figure", "beside");
    if (told) {
      const said = node("p", "", told);
      said.setAttribute("role", "alert");
      box.append(said);
    } else box.append(Object.assign(node("img", "pixels"), { src: picture, alt: name }), node("figcaption", "soft", `${name}: ${most}`));
    root.querySelector(".excited").after(box);
  }

  follow(begin);
  watch("value", arrive);
  begin();
}
