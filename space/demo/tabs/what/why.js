// Where in the photo the evidence lies: the photo as the page shows it, the map over it, and a slider between them. Another
// label or another way triggers "ask". props.value is made by why.py; {stays} says that the tab shows an answer anew, and that what
// is shown here stays if it is of that one.

import { go, task } from "../../page/address.js";
import { button, choice, legendOf, node, press } from "../../page/common.js";
import { photo } from "../../page/photo.js";
import { isChosen } from "../../page/working.js";

const WAYS = ["auto", "occlusion"];

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".why");
  let blend = 70;
  let value = null; // the last that was told
  let shown = null; // the label and the way that are shown, and of which photo and network
  const check = node("p", "told why-check");
  check.setAttribute("role", "status");

  const ask = (change) => {
    root.setAttribute("aria-busy", "true");
    trigger("ask", { ...shown, ...change });
  };
  const isOf = (of) => of && of.photo === photo().src && of.task === task();

  // Another language: the server took away what was shown in the old one.
  function reworded() {
    if (isOf(shown)) ask({});
    else draw();
  }

  function arrive() {
    const came = props.value;
    const isAnew = Boolean(came?.stays);
    if (isAnew && isOf(shown)) return;
    if (came?.is_check && value?.heat) {
      if (came.heat === value.heat && came.sentence === value.sentence) { // else of a map that was shown before
        value = came;
        check.textContent = came.check;
      }
      return;
    }
    value = isAnew ? null : came;
    if (!value) shown = null;
    draw();
  }

  function draw() {
    const { words } = props;
    root.removeAttribute("aria-busy");
    // another photo may have been chosen meanwhile: a map of one must never lie over the other
    if (!value || (value.photo && !isChosen(value.photo, value.network))) return root.replaceChildren();
    shown = { label: value.label, way: value.way, photo: photo().src, task: task() };
    if (value.problem) {
      const problem = node("p", "told", value.problem);
      problem.setAttribute("role", "alert");
      return root.replaceChildren(problem);
    }
    const told = node("p", "told", value.sentence);
    told.setAttribute("role", "status");
    const legend = legendOf({ low: words.none, kind: "magma", high: words.most });
    check.textContent = value.check;
    root.replaceChildren(told, controls(value, words), figure(value, words), legend, check, ...channels(value, words));
  }

  function figure({ heat }, words) {
    const whole = node("div", "why-figure");
    const under = Object.assign(node("img"), { src: photo().src, alt: words.alt });
    const over = Object.assign(node("img", "why-map"), { src: heat, alt: "" });
    const slider = Object.assign(node("input"), { type: "range", min: 0, max: 100, value: blend });
    const show = () => {
      blend = Number(slider.value);
      over.style.opacity = blend / 100;
      under.style.filter = `grayscale(${blend / 100})`;
    };
    slider.addEventListener("input", show);
    const label = node("label", "why-blend", words.blend);
    label.append(slider);
    const frame = node("div", "why-frame");
    frame.append(under, over);
    whole.append(frame, label);
    show();
    return whole;
  }

  // The way to the channels of the layer whose maps were weighed; covering parts up weighs none.
  function channels({ layer }, words) {
    const open = () => go({ tab: "inside", layer, order: "answer", channel: null, sheet: null });
    return layer ? [button("action", words.channels, open)] : [];
  }

  function controls({ labels, label, way }, words) {
    const row = node("div", "why-controls");
    const names = Object.fromEntries(labels.map((each) => [each.label, each.name]));
    const which = node("label", "", words.label);
    which.append(choice(labels.map((each) => each.label), label, (each) => names[each], (each) => ask({ label: each })));
    const ways = node("div", "ways");
    ways.setAttribute("role", "group");
    ways.setAttribute("aria-label", words.way);
    ways.append(...WAYS.map((each) => button("action", words[each], () => ask({ way: each }))));
    press(ways.children, WAYS.indexOf(way));
    row.append(which, ways);
    return row;
  }

  watch("value", arrive);
  watch("words", reworded);
  arrive();
}
