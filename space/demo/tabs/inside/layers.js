// All layers in their stages, each in words with its name beside; found by typing, chosen by a click. props.value is made by tab.py.

import { button, node } from "../../page/common.js";
import { atLayer } from "./look.js";

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-layers");
  let [listOpen, typed] = [false, ""];

  function draw() {
    const { value } = props;
    const focus = root.contains(document.activeElement) ? document.activeElement.dataset.layer : null;
    root.replaceChildren();
    if (!value) return;
    const all = fold(value.title, listOpen, (isOpen) => { listOpen = isOpen; });
    all.classList.add("layer-list");
    const search = Object.assign(node("input"), { type: "search", placeholder: value.search, value: typed });
    search.setAttribute("aria-label", value.search);
    const none = node("p", "soft", value.none);
    none.setAttribute("role", "status");
    const stages = value.groups.map((group) => stage(group, value.selected, (layer, event) => {
      trigger("stage", atLayer(layer));
      if (event.detail > 0) toGallery(); // keys go on from the list
    }));
    const find = () => {
      typed = search.value;
      const found = stages.map((each) => each.find(typed.trim().toLowerCase()));
      none.hidden = found.some(Boolean);
    };
    search.addEventListener("input", find);
    all.append(search, none, ...stages.map((each) => each.box));
    root.append(all);
    find();
    if (focus) root.querySelector(`[data-layer="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  watch("value", draw);
  draw();
}

// What was chosen is seen far above the list.
function toGallery() {
  const heading = document.getElementById("journey");
  if (heading.getBoundingClientRect().top < 0) heading.scrollIntoView({ block: "start" });
}

export function fold(title, isOpen, act) {
  const box = node("details");
  box.open = isOpen;
  box.append(node("summary", "", title));
  box.addEventListener("toggle", () => act(box.open));
  return box;
}

function stage({ title, layers }, selected, choose) {
  const isShown = ({ name, also }) => name === selected || also.includes(selected);
  const isHere = layers.some(isShown);
  const box = fold(title, isHere, () => {});
  const rows = layers.map((layer) => {
    const { name, words, also } = layer;
    const row = button("layer-row", undefined, (event) => choose(name, event));
    row.append(node("span", "", words), node("span", "soft", name));
    row.dataset.layer = name;
    row.setAttribute("aria-pressed", String(isShown(layer)));
    return { row, text: [words, name, ...also].join(" ").toLowerCase() };
  });
  const list = node("div", "layer-rows");
  list.append(...rows.map((each) => each.row));
  box.append(list);
  const find = (typed) => {
    let found = 0;
    for (const { row, text } of rows) {
      row.hidden = !text.includes(typed);
      found += row.hidden ? 0 : 1;
    }
    box.hidden = !found;
    box.open = typed ? found > 0 : isHere;
    return found;
  };
  return { box, find };
}
