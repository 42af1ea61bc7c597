// A learned filter in the laboratory's place: its map, and the arithmetic of the pointed value, three kernels on what the network
// sees of the photo. props.value is made by learned.py.

import { go, set } from "../../page/address.js";
import { frame } from "../../page/photo.js";
import { ARROWS, button, fill, legendOf, node, withMinus, within } from "../../page/common.js";
import { unpacked } from "./lab_math.js";

const COLOURS = ["red", "green", "blue"];
let close = () => {}; // what leaves the learned filter that is shown

// The visitor chose a kernel of the laboratory.
export const leave = () => close();

// Open a filter of a network's first layer here, from any tab.
export const openLearned = (network, channel) => go({ tab: "filter", learned: `${network}:${channel}` });

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".learned-filter");
  let value = null;
  let photo = null; // what the network sees of it
  let at = [0, 0];
  let isFramed = false; // is there a frame on the photo

  async function arrive() {
    const got = props.value?.said ? props.value : null;
    const made = got?.pixels ? await unpacked(got.pixels) : null;
    if ((props.value?.said ? props.value : null)?.learned !== got?.learned) return; // another one came meanwhile
    [value, photo] = [got, made];
    if (value?.map) at = value.strongest;
    draw();
  }

  close = () => {
    if (!value) return;
    value = null;
    set({ learned: null });
    trigger("leave", {});
    draw();
  };

  function draw() {
    document.body.classList.toggle("has-learned", value !== null);
    framePhoto();
    if (!value) return root.replaceChildren();
    const { words, language } = props;
    const said = value.said[language] ?? value.said.en;
    const sentence = node("div", "sentence");
    sentence.setAttribute("role", "status");
    sentence.append(node("h2", "", said.heading), node("p", "", said.line));
    const actions = node("div", "learned-actions");
    actions.append(button("quiet", words.learned_leave, close));
    if (!value.map) return root.replaceChildren(sentence, actions);
    actions.prepend(
      button("quiet", words.learned_inside, () => go({ tab: "inside", layer: value.layer, ...partsOf(value.learned) })),
      button("quiet learned-grey", words.learned_grey, () => go({ learned: null, kernel: null, divisor: null, weights: greyOf(value) })),
    );
    const legend = legendOf(value.map, node("span", "push position"));
    actions.lastChild.before(numberOf(value, words));
    root.replaceChildren(sentence, mapOf(value, words), legend, node("div", "sums"), actions);
    drawPoint();
  }

  function mapOf({ map: { uri, width, height } }, words) {
    const place = node("div", "map");
    place.tabIndex = 0;
    place.setAttribute("role", "application");
    place.style.setProperty("--ratio", width / height);
    place.append(Object.assign(node("img", "pixels"), { src: uri, alt: words.response_map }), node("i", "frame"));
    const point = (event) => {
      const box = place.getBoundingClientRect();
      const share = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
      pin([height, width].map((side, axis) => Math.floor(share[axis] * side)));
    };
    place.addEventListener("pointerdown", point);
    place.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "mouse") point(event); });
    place.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      pin(at.map((where, axis) => where + (event.shiftKey ? 10 : 1) * ARROWS[event.key][axis]));
    });
    return place;
  }

  function pin([row, column]) {
    at = [within(row, 0, value.map.height - 1), within(column, 0, value.map.width - 1)];
    drawPoint();
  }

  function drawPoint() {
    const { words } = props;
    const found = sumsOf(value, photo, at);
    const [row, column] = [at[0] + 1, at[1] + 1];
    const { height, width } = value.map;
    Object.assign(root.querySelector(".frame").style, {
      left: `${(100 * (column - 0.5)) / width}%`, top: `${(100 * (row - 0.5)) / height}%`,
      width: `max(12px, ${100 / width}%)`, height: `max(12px, ${100 / height}%)`,
    });
    framePhoto();
    root.querySelector(".position").textContent = fill(words.position, { row, column, height, width });
    const position = fill(words.position_value, { row, column, value: say(found.value) });
    root.querySelector(".map").setAttribute("aria-label", fill(words.map_label, { position }));
    root.querySelector(".sums").replaceChildren(...found.colours.map((each, place) => rowOf(each, place, words)), totalOf(found, words));
    window.cnnhubLearned = { ...found, at, learned: value.learned }; // for tests
  }

  // The window on the photo; taken away once, when this is hidden.
  function framePhoto() {
    const isShown = Boolean(value?.map && root.offsetParent);
    if (!isShown && !isFramed) return;
    isFramed = isShown;
    if (!isShown) return frame(null);
    const { box: [left, top, right, bottom], weights, stride } = value;
    const across = (pixels) => (pixels / photo.width) * (right - left);
    const down = (pixels) => (pixels / photo.height) * (bottom - top);
    const side = weights[0].length;
    frame({
      x: left + across(at[1] * stride - value.left), w: across(side), y: top + down(at[0] * stride - value.top), h: down(side),
    });
  }

  function totalOf({ colours, value: total }, words) {
    const box = node("div", "learned-total");
    const parts = colours.map(({ sum }) => say(sum)).join(" + ").replaceAll("+ \u2212", "\u2212 ");
    const bias = value.bias ? ` ${value.bias < 0 ? "\u2212" : "+"} ${say(Math.abs(value.bias))}` : "";
    box.append(node("p", "soft", words.learned_total), node("span", "", `${parts}${bias} = `), node("output", "value", say(total)));
    box.lastChild.dataset.sign = Math.sign(total);
    return box;
  }

  function rowOf({ cells, sum, largest }, place, words) {
    const row = node("div", "learned-row");
    row.dataset.colour = COLOURS[place];
    const patch = gridOf(cells.map(({ seen, byte, inside }) => {
      const cell = node("span", inside ? "cell" : "cell outside", say(seen, 2));
      if (!inside) return cell;
      cell.style.background = `rgb(${COLOURS.map((_, k) => (k === place ? byte : 0)).join(" ")})`;
      cell.style.color = place === 1 && byte > 140 ? "#000" : "#fff";
      return cell;
    }), words[`learned_seen_${place}`]);
    const kernel = gridOf(cells.map(({ weight }) => {
      const cell = node("span", "cell", say(weight, 2));
      cell.dataset.sign = Math.sign(weight);
      cell.style.setProperty("--strength", `${Math.round((45 * Math.abs(weight)) / largest)}%`);
      cell.title = weight;
      return cell;
    }), words.learned_kernel);
    const total = node("div", "learned-sum");
    total.append(node("p", "soft", words[`channel_${place}`]), node("b", "", say(sum)));
    row.append(patch, node("b", "sign", "×"), kernel, node("b", "sign", "Σ"), total);
    return row;
  }

  new ResizeObserver(framePhoto).observe(root);
  watch("value", arrive);
  watch(["words", "language"], draw);
  arrive();
}

// The filter's number, to type another one; only one that there is opens.
function numberOf({ learned, count }, words) {
  const { task, channel } = partsOf(learned);
  const field = Object.assign(node("input"), { type: "number", min: 0, max: count - 1, value: channel });
  field.addEventListener("change", () => {
    const asked = Number(field.value);
    if (field.value !== "" && Number.isInteger(asked) && asked >= 0 && asked < count) openLearned(task, asked);
    else field.value = channel;
  });
  const label = node("label", "learned-number", `${words.learned_number} `);
  label.append(field, node("span", "soft", ` ${fill(words.learned_of, { last: count - 1 })}`));
  return label;
}

// Network and channel, as an address has them.
function partsOf(learned) {
  const [task, channel] = learned.split(":");
  return { task, channel };
}

function gridOf(cells, title) {
  const box = node("div", "");
  const grid = node("div", "grid");
  grid.style.setProperty("--columns", Math.sqrt(cells.length));
  grid.append(...cells);
  box.append(node("p", "soft", title), grid);
  return box;
}

// What the filter is to a grey photo, as an address has it.
const greyOf = ({ weights: [red, green, blue] }) => red.map((line, i) => (
  line.map((weight, j) => Number((weight + green[i][j] + blue[i][j]).toFixed(4))).join(","))).join(";");

const say = (number, places = 3) => withMinus(String(Number(number.toFixed(places))));

// The arithmetic of the value at this place of the map: of each colour what the window sees, times the weights, summed.
function sumsOf({ weights, bias, stride, left, top, mean, std }, { width, height, planes }, [row, column]) {
  const largest = Math.max(...weights.flat(2).map(Math.abs)) || 1;
  const colours = weights.map((kernel, colour) => {
    const cells = kernel.flatMap((line, i) => line.map((weight, j) => {
      const [y, x] = [row * stride - top + i, column * stride - left + j];
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      const byte = inside ? planes[(colour * height + y) * width + x] : 0;
      return { weight, byte, inside, seen: inside ? (byte / 255 - mean[colour]) / std[colour] : 0 };
    }));
    return { cells, largest, sum: cells.reduce((sum, { weight, seen }) => sum + weight * seen, 0) };
  });
  return { colours, value: colours.reduce((sum, each) => sum + each.sum, bias) };
}
