// One pixel in three places: frames on the map and on the photo, the arithmetic between them, and a loupe.

const find = (selector) => element.querySelector(selector);
const sizeOf = (settings) => settings.weights.length;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// The three grids of the strip, made anew when the kernel's size changes.
function makeGrids(size) {
  for (const name of ["patch", "kernel", "products"]) {
    const grid = find(`.${name}`);
    grid.style.setProperty("--columns", size);
    grid.replaceChildren(...Array.from({ length: size * size }, (_, i) => {
      if (name !== "kernel") return node("span", "cell");
      const input = node("input");
      input.type = "text";
      input.inputMode = "decimal";
      input.autocomplete = "off";
      input.addEventListener("input", () => editWeight(i, input.value));
      return input;
    }));
    [...grid.children].forEach((cell, i) => { cell.dataset.cell = i; });
  }
  find(".strip").dataset.size = size;
}

// The kernel as it is applied: for a true convolution the grid itself is turned, and so is every edit.
function drawKernel() {
  const size = sizeOf(settings);
  if (find(".kernel").children.length !== size * size) makeGrids(size);
  const weights = applied(settings).flat();
  [...find(".kernel").children].forEach((input, i) => {
    const text = typeof weights[i] === "number" ? shortened(weights[i]) : weights[i];
    if (input !== document.activeElement || numberOf(input.value) !== weights[i]) input.value = text;
    input.title = weights[i];
    markInvalid(input, typeof weights[i] !== "number");
    input.setAttribute("aria-label", fill(props.words.cell, { row: Math.floor(i / size) + 1, column: (i % size) + 1 }));
  });
  for (const input of element.querySelectorAll("[data-number]")) {
    const value = settings[input.dataset.number];
    if (input !== document.activeElement) input.value = typeof value === "number" ? shortened(value) : value;
    markInvalid(input, typeof value !== "number");
  }
}

function markInvalid(input, wrong) {
  if (wrong) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

// Fields are small: three places are shown, and all are kept until somebody edits them.
const shortened = (number) => String(Number(number.toFixed(3)));

// The arithmetic of the pointed value, or empty cells while the photo's pixels are on their way.
function drawStrip([row, column]) {
  const size = sizeOf(settings);
  const ready = photo && photo.id === value.photo && size === sizeOf(answered);
  const found = ready ? strip(photo, answered, row, column, planeShown()) : null;
  const largest = found ? Math.max(...found.cells.map((cell) => Math.abs(cell.product))) : 0;
  const [patch, products] = [find(".patch").children, find(".products").children];
  for (let i = 0; i < size * size; i += 1) {
    const cell = found?.cells[i];
    patch[i].textContent = cell ? say(cell.pixel) : "";
    patch[i].classList.toggle("outside", Boolean(cell) && !cell.inside);
    patch[i].title = cell && !cell.inside ? props.words.outside : "";
    paint(patch[i], cell?.inside ? cell.pixel : null);
    products[i].textContent = cell ? say(cell.product) : "";
    products[i].style.setProperty("--strength", cell && largest ? `${Math.round((45 * Math.abs(cell.product)) / largest)}%` : "0%");
    products[i].dataset.sign = cell ? Math.sign(cell.product) : 0;
  }
  drawTotal(found);
  drawLoupe(found, row, column);
  return found;
}

// A cell as bright as its pixel, written on in black or white, whichever is read better.
function paint(cell, pixel) {
  cell.style.background = pixel === null ? "" : `rgb(${pixel} ${pixel} ${pixel})`;
  cell.style.color = pixel === null ? "" : pixel > 117 ? "#000" : "#fff";
}

function drawTotal(found) {
  const plain = answered.divisor === 1 && answered.bias === 0;
  find(".title-total").textContent = plain ? props.words.sum : props.words.value;
  const output = find(".value");
  output.textContent = found ? grouped(say(found.value)) : "";
  output.dataset.sign = found && value.map.kind === "signed" ? Math.sign(found.value) : 0;
  const notes = [];
  if (found && !plain) {
    const bias = answered.bias < 0 ? ` \u2212 ${grouped(say(-answered.bias))}` : answered.bias ? ` + ${grouped(say(answered.bias))}` : "";
    notes.push(`${grouped(say(found.sum))}${answered.divisor === 1 ? "" : ` ÷ ${grouped(say(answered.divisor))}`}${bias}`);
  }
  if (found && isClipped() && cut(found.value) !== found.value) notes.push(fill(props.words.drawn_as, { value: cut(found.value) }));
  find(".how").textContent = notes.join(" · ");
}

// 12412.5 -> 12,412.5, as the headings write it; a small cell has no room for that.
const grouped = (text) => text.replace(/\d+/, (whole) => Number(whole).toLocaleString("en"));

const isClipped = () => ["grey", "colour"].includes(value.map.kind);
const planeShown = () => (answered.colour ? settings.channel : null);

// As Python draws it: to the nearest whole number, halves to the even one, within 0 to 255.
function cut(number) {
  const within = Math.min(255, Math.max(0, number));
  const below = Math.floor(within);
  const rest = within - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function drawTitles() {
  const { words } = props;
  const size = sizeOf(settings);
  find(".title-patch").textContent = answered.colour
    ? fill(words.patch_channel, { channel: words[`channel_${settings.channel}`] }) : words.patch;
  find(".title-kernel").textContent = settings.flipped ? words.kernel_turned : words.kernel_edit;
  find(".title-products").textContent = fill(words.products, { count: size * size });
  find(".kernel").setAttribute("aria-label", find(".title-kernel").textContent);
}

// ---- frames

function drawMapFrame([row, column]) {
  const frame = find(".map .frame");
  const { width, height } = value.map;
  frame.hidden = false;
  frame.style.left = `${(100 * (column + 0.5)) / width}%`;
  frame.style.top = `${(100 * (row + 0.5)) / height}%`;
  const shown = Math.max(12, find(".map").clientWidth / width + 4);
  frame.style.width = frame.style.height = `${shown}px`;
}

// The frame on the photo, drawn by the photo column; taken away once, when this tab is hidden.
let framed = false;

function drawPhotoFrame([row, column]) {
  const shown = Boolean(element.offsetParent && value?.map && photo && photo.id === value.photo);
  if (!shown && !framed) return;
  framed = shown;
  const side = reach(answered);
  const part = {
    x: (column * answered.stride - padding(answered)) / (photo?.width ?? 1), w: side / (photo?.width ?? 1),
    y: (row * answered.stride - padding(answered)) / (photo?.height ?? 1), h: side / (photo?.height ?? 1),
  };
  window.cnnhubFrame?.(shown ? part : null);
}

// ---- the loupe: the window's pixels and two around them, the cells that count framed, the padding hatched

function drawLoupe(found, row, column) {
  const canvas = find(".loupe");
  const side = canvas.width;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, side, side);
  if (!found) return;
  const margin = 2;
  const count = reach(answered) + 2 * margin;
  const step = side / count;
  const at = (place) => Math.round(place * step);
  const hatch = hatched(pen);
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < count; j += 1) {
      const [r, c] = [found.top - margin + i, found.left - margin + j];
      pen.fillStyle = colourOf(r, c) ?? hatch;
      pen.fillRect(at(j), at(i), at(j + 1) - at(j), at(i + 1) - at(i));
    }
  }
  for (let i = 0; i < sizeOf(answered); i += 1) {
    for (let j = 0; j < sizeOf(answered); j += 1) {
      const [y, x] = [margin + i * answered.dilation, margin + j * answered.dilation];
      for (const [colour, inset] of [["#fff", 1], [accent(), 2]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = 1;
        pen.strokeRect(at(x) + inset - 0.5, at(y) + inset - 0.5, at(x + 1) - at(x) - 2 * inset + 1, at(y + 1) - at(y) - 2 * inset + 1);
      }
    }
  }
}

const accent = () => getComputedStyle(element).getPropertyValue("--accent") || "#0f766e";

function colourOf(r, c) {
  if (r < 0 || c < 0 || r >= photo.height || c >= photo.width) return null;
  const place = r * photo.width + c;
  const size = photo.width * photo.height;
  const [red, green, blue] = answered.colour ? [0, 1, 2].map((k) => photo.planes[k * size + place]) : Array(3).fill(photo.grey[place]);
  return `rgb(${red} ${green} ${blue})`;
}

function hatched(pen) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const stroke = tile.getContext("2d");
  stroke.strokeStyle = "#8d8a83";
  stroke.beginPath();
  for (const shift of [-6, 0, 6]) { stroke.moveTo(shift, 6); stroke.lineTo(shift + 6, 0); }
  stroke.stroke();
  return pen.createPattern(tile, "repeat");
}
