// Which examples the shown channel answers to most, and its map of one of them beside the photo's. Made by channel.py.

import { button, node, press } from "../../page/common.js";
import { examples } from "../../page/photo.js";
import { follow, gallery, now } from "./look.js";

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-examples");
  let asked = 0;
  let isOpen = false; // once opened, it follows the channel
  let pictures = null; // small, of all examples

  function begin() {
    const value = gallery();
    if (!value) return root.replaceChildren();
    if (isOpen) return excite();
    root.replaceChildren(button("action", value.words.excited, () => { isOpen = true; excite(); }));
  }

  const excite = () => trigger("excited", question());
  const compare = (example) => trigger("beside", { ...question(), example });

  function question() {
    asked += 1;
    root.setAttribute("aria-busy", "true");
    return { ...now(), asked };
  }

  async function arrive() {
    const { value } = props;
    if (!value || value.asked !== asked || !gallery()) return;
    root.removeAttribute("aria-busy");
    pictures ??= (await examples()).thumbnails;
    if (value.problem) return root.replaceChildren(node("p", "soft", value.problem));
    if (value.beside) return beside(value.beside);
    list(value.examples);
  }

  function list(found) {
    const { words } = gallery();
    const row = node("div", "excited");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", words.excited);
    row.append(...found.map(({ index, name, value }) => {
      const made = button("example", undefined, () => {
        press(row.children, [...row.children].indexOf(made));
        compare(index);
      });
      made.append(Object.assign(node("img"), { src: pictures[index], alt: name }), node("span", "soft", value));
      made.title = name;
      return made;
    }));
    root.replaceChildren(node("p", "", words.excited), node("p", "soft", words.excited_said), row);
  }

  function beside({ name, picture, most, problem }) {
    root.querySelector(".beside")?.remove();
    const box = node("figure", "beside");
    if (problem) box.append(node("p", "soft", problem));
    else box.append(Object.assign(node("img", "pixels"), { src: picture, alt: name }), node("figcaption", "soft", `${name}: ${most}`));
    root.append(box);
  }

  follow(begin);
  watch("value", arrive);
  begin();
}
