// The kernel laboratory. props.value is made by lab_answer.py, props.pixels by lab_photo.py, props.words by
// one_filter.py; a changed setting triggers "change_settings", a photo that is not here yet "want_pixels".

const copied = (data) => JSON.parse(JSON.stringify(data)); // what gradio hands over are proxies

let settings = copied(OFFERED.first); // what the visitor chose, mistakes included
let answered = settings; // what the map on the screen was made with
let value = null; // the last answer with a map
let photo = null; // its pixels
let pinned = null; // [row, column] chosen by the visitor; else the strongest answer is pointed at
let hovered = null;
let refused = false; // was the last answer that the settings cannot be used
let touched = false; // did the visitor change anything here yet

const said = (of = value) => of.said[props.language] ?? of.said.en;

// ---- JS -> Python: one request under way at a time, and always the last settings

const LONGEST_WAIT = 15000; // milliseconds after which a lost answer is no longer waited for
let number = 0;
let busy = 0;
let waiting = false;
let timer = null;
let guard = null;

function send(delay = 0) {
  touched = true;
  endWalkQuietly();
  clearTimeout(timer);
  timer = setTimeout(post, delay);
}

function post() {
  timer = null;
  if (busy) { waiting = true; return; }
  waiting = false;
  number += 1;
  busy = number;
  guard = setTimeout(settle, LONGEST_WAIT);
  trigger("change_settings", { number, settings: { ...settings, at: pinned } });
}

function settle() {
  clearTimeout(guard);
  busy = 0;
  if (waiting) post();
}

// ---- Python -> JS

function receive() {
  const got = props.value;
  if (!got) return;
  const focused = document.activeElement;
  steady(element.contains(focused) ? focused : find(".map-place"), () => take(got));
}

// Whatever grows or shrinks above it, what the visitor looks at or just touched stays where it is.
function steady(place, act) {
  const before = place.getBoundingClientRect().top;
  act();
  const moved = place.getBoundingClientRect().top - before;
  if (moved && element.offsetParent && scrollY > 0) scrollBy({ top: moved, behavior: "instant" });
}

function take(got) {
  if (got.number && got.number === busy) settle();
  find(".lab").classList.toggle("empty", Boolean(got.empty));
  find(".map-place").classList.toggle("stale", !got.map);
  if (got.map) {
    const before = value;
    value = got;
    answered = copied(got.settings);
    follow(before);
    if (!touched || (!got.number && !pending() && !refused && !alike(got.settings))) adopt(got.settings);
    if (pinned) pinned = [Math.min(pinned[0], value.map.height - 1), Math.min(pinned[1], value.map.width - 1)];
    refused = false;
    if (photo?.id !== value.photo) trigger("want_pixels", {});
    endWalkQuietly();
    swapPicture();
    tellLink();
  } else {
    refused = !got.empty;
  }
  if (got.empty) {
    value = null;
    drawPhotoFrame([0, 0]);
  }
  drawSaid(got);
  drawAll();
}

const pending = () => busy > 0 || waiting || timer !== null;
const alike = (given) => JSON.stringify({ ...given, at: null }) === JSON.stringify({ ...settings, at: null });

// Settings that came from a link.
function adopt(given) {
  settings = copied(given);
  pinned = given.at;
}

// The pinned pixel stays at the same place of the photo when the map's size changes.
function follow(before) {
  if (!pinned) return;
  if (before && before.photo !== value.photo) pinned = null;
  else if (before) {
    pinned = [Math.floor((pinned[0] * value.map.height) / before.map.height), Math.floor((pinned[1] * value.map.width) / before.map.width)];
  }
}

// The old picture stays until the new one can be shown.
async function swapPicture() {
  const wanted = value;
  const next = new Image();
  next.src = wanted.map.uri;
  await next.decode().catch(() => {});
  if (value !== wanted) return;
  const image = find(".map img");
  image.src = next.src;
  image.width = wanted.map.width;
  image.height = wanted.map.height;
  find(".map").style.setProperty("--ratio", wanted.map.width / wanted.map.height);
  drawPoint();
}

async function receivePixels() {
  const packed = props.pixels;
  if (!packed || packed.id === photo?.id) return;
  const made = await unpacked(packed);
  if (packed !== props.pixels && packed.id !== props.pixels?.id) return;
  photo = made;
  drawPoint();
}

function tellLink() {
  window.cnnhubLink?.set({ ...value.link, at: pinned ? `${pinned[0] + 1},${pinned[1] + 1}` : null });
}

// ---- drawing

function drawAll() {
  drawWords();
  drawControls();
  drawPresets();
  drawKernel();
  drawSteps();
  drawWalk();
}

function drawSaid(got) {
  const text = said(got);
  if (text.heading) {
    find(".sentence h2").textContent = text.heading;
    find(".sentence p").textContent = text.line;
    const sentence = find(".sentence"); // never shorter again at this width, so that the map does not jump
    sentence.style.minHeight = `${Math.max(sentence.offsetHeight, parseFloat(sentence.style.minHeight) || 0)}px`;
  }
  for (const box of element.querySelectorAll(".problem")) {
    const here = text.problem?.place === box.dataset.place;
    box.innerHTML = here ? text.problem.html : ""; // escaped where it was made
    box.hidden = !here;
  }
  if (!got.map) return;
  find(".formula").innerHTML = text.formula;
  find(".notes").textContent = text.notes;
  find(".low").textContent = got.map.low;
  find(".high").textContent = got.map.high;
  find(".map-place .bar").className = `bar ${got.map.kind}`;
  find(".code-fold code").textContent = got.snippet;
}

function drawWords() {
  const { words } = props;
  for (const place of element.querySelectorAll("[data-word]")) place.textContent = words[place.dataset.word];
  for (const place of element.querySelectorAll("[data-label]")) place.setAttribute("aria-label", words[place.dataset.label]);
  find(".step").title = words.play_step;
  find(".step").setAttribute("aria-label", words.play_step);
  find(".end").textContent = words.play_end;
  find(".map img").alt = words.response_map;
}

function drawPoint() {
  if (!value?.map) return;
  const at = point();
  drawTitles();
  const found = drawStrip(at);
  drawMapFrame(at);
  drawPhotoFrame(at);
  const [row, column] = [at[0] + 1, at[1] + 1];
  find(".position").textContent = fill(props.words.position, { row, column, height: value.map.height, width: value.map.width });
  const position = fill(props.words.position_value, { row, column, value: found ? grouped(say(found.value)) : "" });
  find(".map").setAttribute("aria-label", fill(props.words.map_label, { position }));
  find(".to-strongest").disabled = !pinned;
}

// The value that everything speaks of.
function point() {
  return walkPoint() ?? hovered ?? pinned ?? value.strongest ?? [0, 0];
}

let speaker = null;
function announce() {
  clearTimeout(speaker);
  speaker = setTimeout(() => {
    if (!value?.map) return;
    const [row, column] = point();
    find(".live").textContent = fill(props.words.position_value, { row: row + 1, column: column + 1, value: find(".value").textContent });
  }, 400);
}

function drawControls() {
  const { words } = props;
  const amount = padding({ ...settings, padding: "same" });
  options("stride", OFFERED.strides, settings.stride, String);
  options("dilation", OFFERED.dilations, settings.dilation, String);
  options("padding", OFFERED.paddings, settings.padding, (option) =>
    option === "same" ? fill(words.padding_same, { amount }) : words[`padding_${option}`] ?? fill(words.padding_amount, { amount: option }));
  options("border", OFFERED.borders, settings.border, (option) => words[`border_${option}`]);
  options("colour", ["grey", "rgb"], settings.colour ? "rgb" : "grey", (option) => words[`colour_${option}`]);
  options("flipped", ["correlation", "convolution"], settings.flipped ? "convolution" : "correlation", (option) => words[`operation_${option}`]);
  const drawn = settings.drawn !== "auto" ? settings.drawn : value?.map && isClipped() ? "clipped" : "signed";
  options("drawn", ["signed", "clipped"], drawn, (option) => words[`drawn_${option}`]);
  segments("size", OFFERED.sizes, sizeOf(settings), (size) => `${size}×${size}`);
  segments("channel", [0, 1, 2], settings.channel, (channel) => words[`channel_${channel}`]);
  find(".planes").hidden = !settings.colour;
}

function options(name, known, chosen, label) {
  const select = find(`[data-setting="${name}"]`);
  const labels = known.map(label);
  if (select.dataset.labels !== labels.join("|")) {
    select.dataset.labels = labels.join("|");
    select.replaceChildren(...known.map((option, i) => new Option(labels[i], option)));
  }
  select.value = String(chosen);
}

function segments(name, known, chosen, label) {
  const row = find(`[data-choice="${name}"]`);
  if (row.children.length !== known.length) {
    row.replaceChildren(...known.map((option) => {
      const button = node("button");
      button.type = "button";
      button.addEventListener("click", () => CHOOSE[name](option));
      return button;
    }));
  }
  [...row.children].forEach((button, i) => {
    button.textContent = label(known[i]);
    button.setAttribute("aria-pressed", String(known[i] === chosen));
  });
}

function drawPresets() {
  const { words } = props;
  const place = find(".presets");
  if (!place.children.length) {
    place.append(...OFFERED.groups.map((group) => {
      const box = node("div", "preset-group");
      box.setAttribute("role", "group");
      box.append(node("span", "soft"), ...OFFERED.presets.filter((preset) => preset.group === group).map((preset) => {
        const chip = node("button", "chip");
        chip.type = "button";
        chip.dataset.preset = preset.name;
        chip.addEventListener("click", () => choosePreset(preset, chip));
        return chip;
      }));
      return box;
    }));
  }
  OFFERED.groups.forEach((group, i) => {
    place.children[i].firstChild.textContent = words[`group_${group}`];
    place.children[i].setAttribute("aria-label", words[`group_${group}`]);
  });
  for (const chip of place.querySelectorAll(".chip")) {
    chip.textContent = words[`kernel_${chip.dataset.preset}`];
    chip.setAttribute("aria-pressed", String(chip.dataset.preset === settings.kernel));
  }
  requestAnimationFrame(() => showChosen(place));
  find(".preset-line").textContent = settings.kernel ? words[`line_${settings.kernel}`] : words.own_line;
}

// On a phone the presets are one row to scroll: the chosen one comes into view.
let chosenBefore = null;
function showChosen(place) {
  const chip = place.querySelector(".chip[aria-pressed=true]");
  if (!chip || chosenBefore === settings.kernel || place.scrollWidth <= place.clientWidth) return;
  chosenBefore = settings.kernel;
  place.scrollLeft += chip.getBoundingClientRect().left - place.getBoundingClientRect().left - 40;
}

// ---- what the visitor does

function choosePreset(preset, chip) {
  Object.assign(settings, { kernel: preset.name, weights: copied(preset.weights), divisor: preset.divisor, drawn: "auto" });
  steady(chip, drawAll);
  send();
}

function editWeight(place, text) {
  const size = sizeOf(settings);
  const index = settings.flipped ? size * size - 1 - place : place;
  settings.weights = settings.weights.map((row) => [...row]);
  settings.weights[Math.floor(index / size)][index % size] = numberOf(text);
  ownKernel();
}

function ownKernel() {
  settings.kernel = "";
  drawPresets();
  drawKernel();
  send(50);
}

const CHOOSE = {
  size(size) {
    settings.weights = resized(settings.weights, size);
    settings.kernel = "";
    steady(find('[data-choice="size"]'), drawAll);
    send();
  },
  channel(channel) {
    settings.channel = channel;
    drawControls();
    drawPoint();
    send();
  },
};

const SET = {
  stride: Number,
  dilation: Number,
  padding: (text) => (["same", "valid"].includes(text) ? text : Number(text)),
  border: String,
  colour: (text) => text === "rgb",
  flipped: (text) => text === "convolution",
  drawn: String,
};

function locate(event) {
  const box = find(".map img").getBoundingClientRect();
  const place = (at, side, values) => Math.min(values - 1, Math.max(0, Math.floor((at / side) * values)));
  return [place(event.clientY - box.top, box.height, value.map.height), place(event.clientX - box.left, box.width, value.map.width)];
}

let linkTimer = null;
function pin(at) {
  pinned = at;
  touched = true;
  endWalkQuietly();
  drawWalk();
  announce();
  clearTimeout(linkTimer);
  linkTimer = setTimeout(tellLink, 300);
}

// End a walk without drawing: whoever calls draws.
function endWalkQuietly() {
  walk.at = null;
  walk.running = false;
}

function listen() {
  for (const select of element.querySelectorAll("[data-setting]")) {
    select.addEventListener("change", () => {
      settings[select.dataset.setting] = SET[select.dataset.setting](select.value);
      drawControls();
      send();
    });
  }
  for (const input of element.querySelectorAll("[data-number]")) {
    input.addEventListener("input", () => {
      settings[input.dataset.number] = numberOf(input.value);
      if (input.dataset.number === "divisor") ownKernel();
      else { drawKernel(); send(50); }
    });
  }
  find(".play").addEventListener("click", play);
  find(".step").addEventListener("click", stepOnce);
  find(".end").addEventListener("click", endWalk);
  find(".to-strongest").addEventListener("click", () => pin(null));
  find(".copy").addEventListener("click", copySnippet);
  find(".download").addEventListener("click", download);
  listenToMap();
  listenToCells();
  calm.addEventListener("change", drawWalk);
}

function listenToMap() {
  const map = find(".map");
  const usable = () => Boolean(value?.map);
  map.addEventListener("pointermove", (event) => {
    if (!usable() || walk.running) return;
    if (event.pointerType === "mouse" && !event.buttons) { hovered = locate(event); drawPoint(); }
    else if (event.buttons) { hovered = null; pin(locate(event)); }
  });
  map.addEventListener("pointerleave", () => { hovered = null; drawPoint(); });
  map.addEventListener("pointerdown", (event) => {
    if (!usable()) return;
    if (event.pointerType !== "mouse") map.setPointerCapture(event.pointerId);
    hovered = null;
    pin(locate(event));
  });
  map.addEventListener("keydown", (event) => {
    const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!usable() || !ways[event.key]) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    hovered = null;
    const at = point().map((place, i) => place + far * ways[event.key][i]);
    pin([Math.min(value.map.height - 1, Math.max(0, at[0])), Math.min(value.map.width - 1, Math.max(0, at[1]))]);
  });
}

// Pointing at a cell of one grid marks the same cell in the others.
function listenToCells() {
  const mark = (event) => {
    const place = event.type === "pointerleave" || event.type === "focusout" ? undefined : event.target.dataset?.cell;
    for (const cell of element.querySelectorAll(".strip [data-cell]")) cell.classList.toggle("marked", cell.dataset.cell === place);
  };
  for (const type of ["pointerover", "pointerleave", "focusin", "focusout"]) find(".strip").addEventListener(type, mark);
}

async function copySnippet() {
  const text = find(".code-fold code").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch (error) { // no permission, or no secure page: the old way
    getSelection().selectAllChildren(find(".code-fold code"));
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
  find(".copy").textContent = props.words.copied;
  setTimeout(() => { find(".copy").textContent = props.words.copy; }, 1500);
}

function download() {
  if (!value?.map) return;
  const bytes = Uint8Array.from(atob(value.map.uri.split(",")[1]), (letter) => letter.charCodeAt(0));
  const link = node("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  link.download = fileName();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function fileName() {
  const parts = [value.name];
  for (const name of ["stride", "dilation"]) if (answered[name] > 1) parts.push(`${name}${answered[name]}`);
  if (answered.flipped) parts.push("convolution");
  if (answered.colour) parts.push(isClipped() ? "rgb" : ["red", "green", "blue"][answered.channel]);
  return `${parts.join("-")}.png`;
}

// The photo's frame follows whatever moves the photo, and hides with this tab.
function watchPhoto() {
  const place = document.querySelector("#photo");
  const redraw = () => drawPhotoFrame(value?.map ? point() : [0, 0]);
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (element.clientWidth !== width) find(".sentence").style.minHeight = "";
    width = element.clientWidth;
    redraw();
    if (value?.map) drawMapFrame(point());
  });
  resized.observe(element);
  if (!place) return;
  resized.observe(place);
  place.addEventListener("load", redraw, true); // images do not bubble
}

window.cnnhubLab.now = () => ({ settings, answered, value, photo, point: value?.map ? point() : null, busy: pending() });

listen();
watchPhoto();
watch("value", receive);
watch("pixels", receivePixels);
watch(["words", "language"], () => {
  chosenBefore = null;
  find(".sentence").style.minHeight = "";
  if (props.value) drawSaid(props.value);
  drawAll();
});
drawAll();
receivePixels();
receive();
