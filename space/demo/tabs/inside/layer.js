// What is known of the shown layer and, once they are asked for, its weights: each tensor in few numbers, one of them page by page.
// props.value, the weights, is made by weights.py; the facts come with the gallery.

import { Requests, bytesOf, button, fill, legendOf, node, withMinus, within } from "../../page/common.js";
import { bars } from "./channel.js";
import { coloursOf } from "./gallery.js";
import { fold } from "./layers.js";
import { follow, gallery, now } from "./look.js";

const LONGEST = 10_000; // milliseconds

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".inside-layer");
  let [factsOpen, weightsOpen] = [false, false];
  let drawn = null; // the network and what is told of its layer
  let [tensor, page] = [null, 0];
  let waited = 0; // the number of the question whose answer is to be shown
  let body = node("div");
  const requests = new Requests((asked) => {
    waited = asked;
    body.setAttribute("aria-busy", "true");
    trigger("weights", { ...now(), tensor, page, asked });
  }, LONGEST);

  // Another layer, network or language; another photo or channel has the same weights.
  function begin() {
    const value = gallery();
    const told = value ? JSON.stringify([value.network, value.about]) : null;
    if (told === drawn) return;
    [drawn, waited, tensor, page] = [told, 0, null, 0];
    body = node("div");
    root.replaceChildren();
    if (!value) return;
    const { summary, facts: known, weights: title } = value.about;
    const facts = fold(summary, factsOpen, (isOpen) => { factsOpen = isOpen; });
    facts.classList.add("layer-facts");
    const table = node("dl");
    for (const [name, text] of known) table.append(node("dt", "soft", name), node("dd", "", text));
    facts.append(table);
    const mine = body;
    const weights = fold(title, weightsOpen, (isOpen) => {
      weightsOpen = isOpen;
      if (isOpen && mine === body && !mine.hasChildNodes()) requests.now();
    });
    weights.classList.add("layer-weights");
    weights.append(body);
    root.append(facts, weights);
  }

  function arrive() {
    const { value } = props;
    if (!value) return;
    requests.settle(value.asked);
    if (value.asked !== waited) return;
    body.removeAttribute("aria-busy");
    const focus = body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const shown = value.problem ? [node("p", "soft", value.problem)] : [node("p", "soft", value.said), list(value, choose), ...numbers(value.chosen)];
    body.replaceChildren(...shown);
    if (value.chosen?.pages > 1) body.querySelector(".weights-told").after(pager(value, turn));
    if (!focus) return;
    const found = body.querySelector(`[data-key="${CSS.escape(focus)}"]`);
    (found?.disabled ? body.querySelector("input") : found)?.focus({ preventScroll: true });
  }

  function choose(name) {
    [tensor, page] = [name, 0];
    requests.now();
  }

  function turn(to) {
    page = to;
    requests.now();
  }

  // The chosen tensor's page.
  function numbers({ columns, top, values: encoded, limit, legend, told, label }) {
    const values = new Float32Array(bytesOf(encoded).buffer);
    const colours = coloursOf("signed", root);
    const table = node("table", "weights-table weights-numbers");
    table.append(headOf(["", ...columns]));
    const rows = node("tbody");
    for (let first = 0; first < values.length; first += columns.length) {
      const row = node("tr");
      row.append(heading("row", String(top + first / columns.length)));
      row.append(...Array.from(values.subarray(first, first + columns.length), (value) => cell(value, limit, colours)));
      rows.append(row);
    }
    table.append(rows);
    return [node("p", "soft weights-told", told), scrolled(table, label, "numbers"), legendOf(legend)];
  }

  follow(begin);
  watch("value", arrive);
  begin();
}

function list({ tensors, heads, label, chosen }, choose) {
  const table = node("table", "weights-table weights-list");
  table.append(headOf(heads));
  const rows = node("tbody");
  rows.append(...tensors.map(({ name, cells, counts, alt }) => {
    const row = node("tr");
    const [named, spread] = [heading("row"), node("td")];
    const made = button("action", name, () => choose(name));
    made.dataset.key = `tensor ${name}`;
    made.setAttribute("aria-pressed", String(name === chosen.name));
    named.append(made);
    spread.append(bars(counts, alt));
    row.append(named, ...cells.map((text) => node("td", "", text)), spread);
    return row;
  }));
  table.append(rows);
  return scrolled(table, label, "tensors");
}

// To another page: a step by the buttons, or by its number, which the arrow keys change too.
function pager({ chosen: { page, pages }, words }, turn) {
  const row = node("div", "pager weights-pager");
  const step = (text, name, to) => {
    const made = button("action", text, () => turn(to));
    made.setAttribute("aria-label", words[name]);
    made.dataset.key = name;
    made.disabled = to < 0 || to >= pages;
    return made;
  };
  const field = Object.assign(node("input"), { type: "number", min: 1, max: pages, value: page + 1 });
  field.dataset.key = "page";
  field.addEventListener("change", () => turn(within(Math.round(Number(field.value)) || 1, 1, pages) - 1));
  const named = node("label", "soft");
  const [before, after] = words.page.split("{page}");
  named.append(before, field, fill(after, { pages }));
  row.append(step("‹", "before", page - 1), named, step("›", "next", page + 1));
  return row;
}

function cell(value, limit, colours) {
  const made = node("td", "", withMinus(String(Number(value.toPrecision(3)))));
  const colour = colours[Math.round(((value / (limit || 1) + 1) / 2) * (colours.length - 1))];
  if (!colour) return made; // of what is no number
  made.style.background = `rgb(${colour.join(" ")})`;
  made.style.color = luminance(colour) > 0.18 ? "#000000" : "#ffffff"; // the one that stands out more
  return made;
}

const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, share, part) => sum + share * (colour[part] / 255) ** 2.2, 0);

function heading(scope, text) {
  const made = node("th", "", text);
  made.scope = scope;
  return made;
}

function headOf(texts) {
  const [head, row] = [node("thead"), node("tr")];
  row.append(...texts.map((text) => (text ? heading("col", text) : node("td"))));
  head.append(row);
  return head;
}

// A box in which a wide table scrolls, by the arrow keys too.
function scrolled(table, label, key) {
  const box = node("div", "weights-box");
  box.tabIndex = 0;
  box.dataset.key = key;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  box.append(table);
  return box;
}
