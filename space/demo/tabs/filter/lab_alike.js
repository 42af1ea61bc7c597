// Under the kernel, the filters of the network that are most like it; props.alike is made by learned.py.

import { go, task } from "../../page/address.js";
import { Requests, button, fill, node } from "../../page/common.js";
import { applied } from "./lab_math.js";

const LONGEST_WAIT = 15_000; // milliseconds
const PAUSE = 300; // milliseconds without a change

export class Alike {
  constructor(lab, watch, ask) {
    Object.assign(this, { lab, known: null });
    this.requests = new Requests((number) => ask({ number, settings: lab.answered }), LONGEST_WAIT);
    watch("alike", () => this.receive());
  }

  // Another kernel may be applied, or the tab have been opened for another network.
  want() {
    const { answered, element } = this.lab;
    const wanted = JSON.stringify([applied(answered), answered.divisor < 0, task()]);
    if (!this.lab.value || !element.offsetParent || wanted === this.known) return;
    this.known = wanted;
    this.lab.find(".alike").classList.add("waiting");
    this.requests.later(PAUSE);
  }

  receive() {
    const { alike } = this.lab.props;
    if (!alike) return;
    this.requests.settle(alike.number);
    if (!this.requests.pending) this.draw();
  }

  draw() {
    const { words, props: { alike, language } } = this.lab;
    const place = this.lab.find(".alike");
    place.classList.remove("waiting");
    place.hidden = !alike?.filters.length;
    if (place.hidden) return;
    place.replaceChildren(node("span", "soft", alike.said[language] ?? alike.said.en), ...alike.filters.map(({ channel, cosine, picture }) => {
      const made = button("alike-filter", undefined, () => go({ tab: "inside", layer: alike.layer, channel }));
      made.append(Object.assign(node("img", "pixels"), { src: picture, alt: "" }), node("span", "", cosine));
      made.title = fill(words.alike_filter, { channel, cosine });
      made.setAttribute("aria-label", made.title);
      return made;
    }));
  }
}
