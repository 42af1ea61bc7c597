/* The figures of operations.md: settings, the rows of numbers that they make, and the sum behind the chosen value.
   A classic script, so that the built pages work from a disk too. */
"use strict";

const NOTHING = { value: null, kind: "nothing", isSeen: false };

document.querySelectorAll("[data-operation]").forEach(start);

function start(place) {
  const { settings, worked } = operations()[place.dataset.operation];
  const form = element("form", { className: "settings" });
  const rows = element("div");
  const sum = element("p", { className: "sum", role: "status" });
  let chosen = 0;

  const show = () => {
    const values = Object.fromEntries(new FormData(form));
    const { inputs, outputs, told } = worked(Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)])));
    chosen = Math.max(0, Math.min(chosen, outputs.length - 1));
    const columns = Math.max(...inputs(chosen).map(({ cells }) => cells.length), outputs.length);
    const hadFocus = rows.contains(document.activeElement);
    rows.replaceChildren(...inputs(chosen).map(shownRow), shownOutputs(outputs, chosen, choose));
    rows.style.setProperty("--columns", columns);
    sum.textContent = told(chosen);
    if (hadFocus) rows.querySelectorAll("button")[chosen]?.focus();
  };
  const choose = (index) => {
    chosen = index;
    show();
  };

  form.append(...Object.entries(settings).map(([name, options]) => shownSetting(name, options)));
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  place.append(form, rows, sum);
  show();
}

function shownSetting(name, options) {
  const select = element("select", { name });
  select.append(...options.map((value) => element("option", { value, textContent: number(value) })));
  const label = element("label", { textContent: `${name} ` });
  label.append(select);
  return label;
}

function shownRow({ name, cells }) {
  const row = element("div", { className: "cells", role: "img" });
  row.setAttribute("aria-label", `${name}: ${cells.map(({ value }) => (value === null ? "nothing" : number(value))).join(", ")}`);
  row.append(
    ...cells.map(({ value, kind, isSeen }) =>
      element("span", { className: `${kind} ${isSeen ? "seen" : ""}`, textContent: value === null ? "" : number(value) }),
    ),
  );
  return titled(name, row);
}

function shownOutputs(outputs, chosen, choose) {
  const row = element("div", { className: "cells", role: "group", ariaLabel: "output" });
  outputs.forEach((value, index) => {
    const button = element("button", { type: "button", textContent: number(value), ariaPressed: String(index === chosen) });
    button.addEventListener("click", () => choose(index));
    row.append(button);
  });
  return titled("output: choose a value", row);
}

function titled(name, row) {
  const part = element("div");
  part.append(element("p", { textContent: name }), row);
  return part;
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

/* Name -> settings (the first value of each is taken at first), and `worked`: settings -> outputs, and for the chosen one of
   them the rows above it and its sum. What is impossible has no outputs, and says why. */
function operations() {
  return {
    "depthwise max": {
      settings: { size: [3, 1, 2, 4, 6] },
      worked({ size }) {
        const maps = [2, 7, -1, 4, 5, 9];
        const groups = Array.from({ length: maps.length / size }, (_, index) => maps.slice(index * size, (index + 1) * size));
        const isPossible = maps.length % size === 0;
        return {
          outputs: isPossible ? groups.map((group) => Math.max(...group)) : [],
          inputs: (chosen) => [
            { name: "six maps at one pixel", cells: plain(maps, (index) => isPossible && Math.floor(index / size) === chosen) },
          ],
          told: (chosen) =>
            isPossible
              ? `max(${groups[chosen].map(number).join(", ")}) = ${number(Math.max(...groups[chosen]))}`
              : `${maps.length} maps make no groups of ${size}.`,
        };
      },
    },
    "global average": {
      settings: { "moved by": [0, 1, 2, 3, 4, 5] },
      worked(values) {
        const before = values["moved by"];
        const map = Array.from({ length: 8 }, (_, index) => [4, 9, 3][index - before] ?? 0);
        const mean = total(map) / map.length;
        return {
          outputs: [mean],
          inputs: () => [{ name: "one map, here a row", cells: plain(map, () => true) }],
          told: () => `(${map.map(number).join(" + ")}) / ${map.length} = ${number(mean)}`,
        };
      },
    },
    "response norm": {
      settings: { radius: [2, 0, 1, 3], alpha: [0.00002, 0.0002, 0.002] },
      worked({ radius, alpha }) {
        const maps = [20, 60, 0, 200, 60, 20, 60];
        const near = (index) => maps.slice(Math.max(0, index - radius), index + radius + 1);
        const outputs = maps.map((value, index) => value / (1 + alpha * total(near(index).map((each) => each ** 2))) ** 0.75);
        return {
          outputs,
          inputs: (chosen) => [
            { name: "seven maps at one pixel", cells: plain(maps, (index) => Math.abs(index - chosen) <= radius) },
          ],
          told: (chosen) => {
            const squares = near(chosen).map((value) => `${number(value)}²`).join(" + ");
            return `${number(maps[chosen])} / (1 + ${number(alpha)} × (${squares}))^0.75 = ${number(outputs[chosen])}`;
          },
        };
      },
    },
    transposed: {
      settings: { stride: [2, 1, 3], padding: [0, 1, 2] },
      worked({ stride, padding }) {
        const map = plain([1, 2, 0, 3]);
        const turned = plain([3, 2, 1]);
        const row = around(apart(map, stride), turned.length - 1 - padding);
        return slid(row, turned, "zeros between and around", "the kernel 1 2 3, turned", [{ name: "one map, here a row", cells: map }]);
      },
    },
    dilated: {
      settings: { rate: [4, 1, 2, 3, 5], padding: [1, 0, 2] },
      worked({ rate, padding }) {
        const row = around(plain([1, 0, 2, 1, 3, 0, 1, 2, 1]), padding);
        return slid(row, apart(plain([1, 2, 3]), rate), "one map, here a row, and its padding", "the kernel 1 2 3, dilated");
      },
    },
    separable: {
      settings: { "weight of the first": [1, 0, -1], "weight of the second": [2, 0, 1] },
      worked(values) {
        const mixed = [values["weight of the first"], values["weight of the second"]];
        const parts = [
          slid(plain([1, 2, 0, 3, 1, 0]), plain([1, 0, -1]), "first map", "its kernel"),
          slid(plain([0, 1, 4, 1, 2, 0]), plain([1, 2, 1]), "second map", "its kernel"),
        ];
        const outputs = parts[0].outputs.map((_, index) => total(parts.map((part, which) => mixed[which] * part.outputs[index])));
        return {
          outputs,
          inputs: (chosen) => parts.flatMap((part) => part.inputs(chosen)),
          told: (chosen) => {
            const sums = parts.map((part, which) => `${number(mixed[which])} × ${number(part.outputs[chosen])}`);
            return `${parts.map((part) => part.told(chosen)).join("; ")}; ${sums.join(" + ")} = ${number(outputs[chosen])}`;
          },
        };
      },
    },
  };
}

/* Weights laid under a row of cells, step by step: what each place adds up to. */
function slid(row, weights, rowName, weightsName, before = []) {
  const products = (index) => weights.map((weight, place) => [weight, row[index + place]]).filter(([{ kind }]) => kind === "value");
  const outputs = Array.from({ length: Math.max(0, row.length - weights.length + 1) }, (_, index) =>
    total(products(index).map(([weight, cell]) => weight.value * cell.value)),
  );
  return {
    outputs,
    inputs: (chosen) => [
      ...before,
      { name: rowName, cells: row.map((cell, place) => ({ ...cell, isSeen: outputs.length > 0 && weights[place - chosen]?.kind === "value" })) },
      { name: weightsName, cells: [...row, ...weights.slice(row.length)].map((_, place) => weights[place - chosen] ?? NOTHING) },
    ],
    told: (chosen) => {
      if (!outputs.length) return `A window that reaches over ${weights.length} values does not fit into ${row.length}.`;
      const terms = products(chosen).map(([weight, cell]) => `${number(weight.value)} × ${number(cell.value)}`);
      return `${terms.join(" + ")} = ${number(outputs[chosen])}`;
    },
  };
}

function plain(values, isSeen = () => false) {
  return values.map((value, index) => ({ value, kind: "value", isSeen: isSeen(index) }));
}

function apart(cells, step) {
  const zeros = Array.from({ length: step - 1 }, () => ({ value: 0, kind: "between", isSeen: false }));
  return cells.flatMap((cell, index) => (index ? [...zeros, cell] : [cell]));
}

function around(cells, amount) {
  const zeros = Array.from({ length: amount }, () => ({ value: 0, kind: "around", isSeen: false }));
  return [...zeros, ...cells, ...zeros];
}

function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/* Four digits, and a minus as it is printed. */
function number(value) {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
