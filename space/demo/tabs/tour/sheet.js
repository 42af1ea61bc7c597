// A teacher's worksheet of the step that is open: its question, its picture and room to write; the answers on a last page.

import { fill, node } from "../../page/common.js";

const LINES = 8; // to write on

export function printSheet({ props: { steps, words }, number, stage }) {
  const step = steps[number - 1].words;
  const head = () => node("p", "soft", `cnnhub · ${fill(words.tour_step, { number, name: step.short })}`);
  const sheet = node("div", "tour-sheet");
  const [page, last] = [node("section"), node("section")];
  const name = node("p", "tour-sheet-name", `${words.tour_sheet_name}: `);
  page.append(head(), name, node("h2", "", step.title), node("p", "", step.text), pictureOf(stage), node("p", "", stage.said.textContent),
    node("h3", "", step.question), ...Array.from({ length: LINES }, () => node("div", "tour-line")));
  const answers = node("div");
  answers.append(...[...stage.answered.childNodes].map((each) => each.cloneNode(true)));
  last.append(head(), node("h2", "", words.tour_sheet_answers), node("h3", "", step.question), answers);
  sheet.append(page, last);
  document.querySelector(".tour-sheet")?.remove();
  document.body.append(sheet);
  document.body.classList.add("prints-sheet");
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("prints-sheet");
    sheet.remove();
  }, { once: true });
  window.print();
}

// The picture as it stands: a copy of a canvas would be empty.
function pictureOf({ picture }) {
  const copy = picture.cloneNode(true);
  const drawn = picture.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, place) => {
    const image = Object.assign(node("img", canvas.className), { src: drawn[place].toDataURL(), alt: "" });
    image.style.cssText = canvas.style.cssText;
    canvas.replaceWith(image);
  });
  copy.querySelectorAll("[id]").forEach((each) => each.removeAttribute("id"));
  return copy;
}
