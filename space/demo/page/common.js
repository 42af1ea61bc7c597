// What several parts of the page use.

export function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function button(className, text, act) {
  const made = node("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

// A list to choose from; written(value) is what stands there for each.
export function choice(values, chosen, written, act) {
  const select = node("select");
  select.append(...values.map((value) => new Option(written(value), value)));
  select.value = String(chosen);
  select.addEventListener("change", () => act(select.value));
  return select;
}

// What the colours of a map mean, and what else is said of it.
export function legendOf({ low, kind, high }, ...more) {
  const legend = node("div", "legend");
  legend.append(node("span", "", low), node("i", `bar ${kind}`), node("span", "", high), ...more);
  return legend;
}

// Of some buttons, mark the one with this number as chosen; -1 is none of them.
export function press(buttons, chosen) {
  [...buttons].forEach((each, i) => each.setAttribute("aria-pressed", String(i === chosen)));
}

// What an arrow key means: rows down, columns to the right.
export const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export const within = (value, low, high) => Math.min(Math.max(value, low), high);

// "{row} of {height}" and {row: 1, height: 3} -> "1 of 3"
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// A number's text with the minus that people write.
export const withMinus = (text) => text.replace("-", "\u2212");
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// ---- files for the visitor
// What gradio wrote on the server.
export function saveFile({ url, orig_name: name }) {
  const link = node("a");
  link.href = url;
  link.download = name;
  link.click();
}

export function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  saveFile({ url, orig_name: name });
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // by then the browser has read it
}

export const saveCanvas = (canvas, name) => canvas.toBlob((blob) => saveBlob(blob, name), "image/png");

// ---- questions to the server
// One is under way at a time; of those that come meanwhile the last is sent afterwards, with what holds by then.
export class Requests {
  // ask(number) sends a question; after `longest` milliseconds a lost answer is no longer waited for.
  constructor(ask, longest) {
    Object.assign(this, { ask, longest, number: 0, underWay: 0, waiting: false, timer: null, guard: null });
  }

  get pending() { return this.underWay > 0 || this.waiting || this.timer !== null; }

  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), delay);
  }

  now() {
    this.timer = null;
    this.waiting = this.underWay > 0;
    if (this.waiting) return;
    this.number += 1;
    this.underWay = this.number;
    this.guard = setTimeout(() => this.settle(this.underWay), this.longest);
    this.ask(this.number);
  }

  // This question was answered, or never will be.
  settle(number) {
    if (number !== this.underWay) return;
    clearTimeout(this.guard);
    this.underWay = 0;
    if (this.waiting) this.now();
  }
}
