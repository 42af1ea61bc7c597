// The desk: each listed picture is kept, relabelled or dropped, by keyboard or by its buttons, and the decisions go into a file.
//
// Decisions are a list, the last of a picture counts, and undoing takes the last one back. They are kept in this browser for
// the same set of pictures, those on pictures that are listed no longer too.

const { title, key, labels, sections } = JSON.parse(document.getElementById("listed").textContent);
const COLUMNS = ["sha256", "name", "label", "decision", "new_label"];
const KEPT_AS = `cnnhub review ${key}`;
const DIGITS = labels.slice(0, 9);

const made = remembered(); // rows of the file, in the order in which they were decided
const cards = []; // {figure, picture}, as they stand on the page
let current = 0;

document.title = title;
document.querySelector("h1").textContent = title;
showKeys();
document.querySelector("main").append(...sections.map(sectionOf));
document.getElementById("download").addEventListener("click", download);
document.addEventListener("keydown", press);
refresh();
if (cards.length) go(Math.max(0, cards.findIndex(({ picture }) => !decisionOn(picture))));

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function sectionOf({ heading, note, groups }) {
  const copies = groups.some((group) => group.length > 1);
  return element(
    "section", {}, element("h2", { textContent: heading }), element("p", { textContent: note }),
    ...(copies ? groups : [groups.flat()]).map((group) =>
      element("div", { className: copies ? "group copies" : "group" }, ...group.map(cardOf)),
    ),
  );
}

function cardOf(picture) {
  const place = cards.length;
  const select = element("select", { title: "Another label" }, element("option", { value: "", textContent: "relabel…" }));
  select.append(...labels.filter((label) => label !== picture.label).map((label) => element("option", { textContent: label })));
  select.addEventListener("change", () => {
    if (select.value) decide(place, "relabel", select.value);
    select.value = "";
  });
  const figure = element(
    "figure", { tabIndex: -1 },
    element("img", { src: picture.image, alt: `${picture.name}, labelled ${picture.label}` }),
    element(
      "figcaption", {}, "given: ", element("b", { textContent: picture.label }), element("br"), picture.line, element("br"),
      element("small", { textContent: picture.name }), element("span", { className: "decided" }),
      element("button", { type: "button", textContent: "keep", onclick: () => decide(place, "keep") }), " ",
      element("button", { type: "button", textContent: "drop", onclick: () => decide(place, "drop") }), " ", select,
    ),
  );
  figure.addEventListener("pointerdown", () => { current = place; });
  figure.addEventListener("focus", () => { current = place; });
  cards.push({ figure, picture, select });
  return figure;
}

function showKeys() {
  const keys = [
    ["← → ↑ ↓", "or j k: move"], ["Enter", "keep"], ...DIGITS.map((label, n) => [String(n + 1), label]),
    ...(labels.length > DIGITS.length ? [["r", "another label"]] : []),
    ["a", "as proposed"], ["d", "drop"], ["u", "undo"], ["s", "save the file"],
  ];
  document.querySelector(".keys").append(
    ...keys.map(([name, what]) => element("span", {}, element("kbd", { textContent: name }), ` ${what} `)),
  );
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
  if (event.target.matches("button") && ["Enter", " "].includes(event.key)) return;
  const act = actionOf(event.key);
  if (!act) return;
  event.preventDefault();
  act();
}

function actionOf(name) {
  const number = DIGITS.findIndex((_, n) => name === String(n + 1));
  if (number >= 0) return () => decide(current, "relabel", labels[number]);
  return {
    ArrowRight: () => go(current + 1), j: () => go(current + 1),
    ArrowLeft: () => go(current - 1), k: () => go(current - 1),
    ArrowDown: () => go(beside(1)), ArrowUp: () => go(beside(-1)),
    Enter: () => decide(current, "keep"), d: () => decide(current, "drop"),
    a: accept, u: undo, s: download, r: () => cards[current]?.select.focus(),
  }[name];
}

// The card in the nearest row below (1) or above (-1) that stands most nearly over the current one.
function beside(direction) {
  const from = cards[current]?.figure.getBoundingClientRect();
  const others = cards.map(({ figure }, place) => ({ place, box: figure.getBoundingClientRect() }))
    .filter(({ box }) => direction * (box.top - from.top) > 1);
  const distance = ({ box }) => 10_000 * Math.abs(box.top - from.top) + Math.abs(box.left - from.left);
  return others.reduce((best, each) => (best && distance(best) <= distance(each) ? best : each), null)?.place ?? current;
}

function go(place) {
  if (!cards.length) return;
  current = Math.min(cards.length - 1, Math.max(0, place));
  cards[current].figure.focus();
}

function decide(place, decision, label = "") {
  if (!cards[place]) return;
  const { sha256, name, label: given } = cards[place].picture;
  const isKept = decision === "keep" || label === given; // to give it the label that it has is to keep it
  made.push(isKept ? [sha256, name, given, "keep", ""] : [sha256, name, given, decision, label]);
  changed();
  go(place + 1);
}

function accept() {
  const proposed = cards[current]?.picture.proposed;
  if (proposed) decide(current, ...proposed);
  else tell("Nothing is proposed for this picture.");
}

function undo() {
  const last = made.pop();
  changed();
  if (last) go(cards.findIndex(({ picture }) => picture.sha256 === last[0]));
}

function decisionOn({ sha256 }) {
  return made.findLast((row) => row[0] === sha256);
}

function refresh() {
  for (const { figure, picture } of cards) {
    const [, , , decision = "", label = ""] = decisionOn(picture) ?? [];
    figure.dataset.decision = decision;
    figure.querySelector(".decided").textContent = { keep: "kept", drop: "dropped", relabel: `relabelled: ${label}` }[decision] ?? "";
  }
  const listed = [...new Map(cards.map(({ picture }) => [picture.sha256, picture])).values()];
  const decided = listed.filter(decisionOn).length;
  document.querySelector("output").textContent = `${decided} of ${listed.length} decided`;
}

function changed() {
  refresh();
  tell("");
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(made));
  } catch {
    tell("This browser keeps nothing: download the file before you leave.");
  }
}

function remembered() {
  try {
    const rows = JSON.parse(localStorage.getItem(KEPT_AS));
    return Array.isArray(rows) ? rows.filter((row) => Array.isArray(row) && row.length === COLUMNS.length) : [];
  } catch {
    return []; // no storage here, or something else in it
  }
}

function tell(text) {
  document.getElementById("told").textContent = text;
}

function download() {
  const rows = new Map(cards.map(({ picture: { sha256, name, label } }) => [sha256, [sha256, name, label, "", ""]]));
  for (const row of made) rows.set(row[0], row);
  const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const text = [COLUMNS, ...rows.values()].map((row) => `${row.map(quoted).join(",")}\n`).join("");
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "review.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
  tell("Saved as review.csv. Apply it with: python -m training finetune --review review.csv");
}
