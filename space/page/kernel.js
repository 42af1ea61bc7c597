// The kernel as a grid of numbers to edit. props.value = {weights: [[...]]}; an edit triggers "edit".
const root = element.querySelector(".kernel");
const heading = document.createElement("p");
const grid = document.createElement("div");
heading.className = "soft";
grid.className = "grid";
root.append(heading, grid);
let timer = null;

function draw() {
  clearTimeout(timer); // an edit that was not sent yet belongs to the kernel that is being replaced
  const weights = props.value.weights;
  heading.textContent = props.title;
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", props.title);
  grid.style.setProperty("--columns", weights.length);
  grid.replaceChildren(...weights.flatMap((row, i) => row.map((weight, j) => cell(weight, i, j))));
}

function cell(weight, i, j) {
  const input = document.createElement("input");
  input.type = "text";
  input.inputMode = "decimal";
  input.value = shorten(weight);
  input.dataset.exact = weight;
  input.title = weight;
  input.setAttribute("aria-label", props.cell.replace("{row}", i + 1).replace("{column}", j + 1));
  input.addEventListener("input", () => {
    delete input.dataset.exact;
    clearTimeout(timer);
    timer = setTimeout(send, 250);
  });
  return input;
}

// Fields are small: 0.111111 is shown as 0.111, and sent as it is until somebody edits it.
function shorten(weight) {
  return typeof weight === "number" ? String(Number(weight.toFixed(3))) : String(weight);
}

function read(input) {
  if (input.dataset.exact !== undefined) return Number(input.dataset.exact);
  const text = input.value.trim().replace("\u2212", "-").replace(",", ".");
  const number = text === "" ? NaN : Number(text);
  const usable = Number.isFinite(number);
  if (usable) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
  return usable ? number : text || "?";
}

function send() {
  const size = Math.round(Math.sqrt(grid.children.length));
  const values = [...grid.children].map(read);
  const weights = Array.from({ length: size }, (_, i) => values.slice(i * size, (i + 1) * size));
  props.value = { weights };
  trigger("edit");
}

watch("value", draw);
watch(["title", "cell"], draw);
draw();
