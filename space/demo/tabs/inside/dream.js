// What the shown channel would love to see: begun by a click, clearer from step to step. props.value is made by channel.py.

import { button, fill, node } from "../../page/common.js";
import { follow, gallery, now } from "./look.js";

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-dream");
  let of = null; // layer and channel that are dreamt of
  let count = 0;

  const isShown = () => of && of.layer === now().layer && of.channel === now().channel && of.network === gallery()?.network;

  function begin() {
    const value = gallery();
    if (value && isShown()) return say(value.words);
    of = null;
    root.replaceChildren();
    if (value) root.append(button("action dream-begin", value.words.dream, () => ask(value)));
  }

  function ask(value) {
    count += 1;
    of = { layer: now().layer, channel: now().channel, network: value.network, asked: count };
    root.querySelector("button").disabled = true;
    root.setAttribute("aria-busy", "true");
    trigger("dream", { ...now(), asked: count });
  }

  function arrive() {
    const { value } = props;
    if (!value || !of || value.asked !== of.asked) return;
    root.removeAttribute("aria-busy");
    const { words } = gallery();
    if (value.problem) return root.replaceChildren(node("p", "soft", value.problem));
    let picture = root.querySelector("img");
    if (!picture) {
      picture = node("img", "dreamt");
      const told = node("p", "soft");
      told.setAttribute("role", "status");
      root.replaceChildren(node("p"), picture, told);
    }
    picture.src = value.picture;
    of.share = value.share;
    say(words);
  }

  // In the language that the page has now.
  function say({ dream, dream_alt: alt, dream_on: on, dream_done: done }) {
    const picture = root.querySelector("img");
    if (!picture) return;
    picture.alt = alt;
    root.querySelector("p").textContent = dream;
    root.querySelector("[role=status]").textContent = of.share ? fill(on, { share: of.share }) : done;
  }

  follow(begin);
  watch("value", arrive);
  begin();
}
