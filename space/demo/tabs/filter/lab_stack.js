// What follows the first filter: a list of steps, each with its picture, its size and its own few settings.

const MADE = {
  relu: () => ({ kind: "relu", name: "", window: 1, stride: 1 }),
  pool: () => ({ kind: "pool", name: "max", window: 2, stride: 2 }),
  filter: () => ({ kind: "filter", name: "gaussian", window: 1, stride: 1 }),
};

function drawAdders() {
  const { words } = props;
  const labels = { relu: "+ ReLU", pool: words.add_pool, filter: words.add_filter };
  find(".adders").replaceChildren(...Object.entries(labels).map(([kind, label]) => {
    const button = node("button", "quiet", label);
    button.type = "button";
    button.disabled = settings.steps.length >= OFFERED.most_steps;
    button.addEventListener("click", () => changeSteps([...settings.steps, MADE[kind]()]));
    return button;
  }));
}

function changeSteps(steps) {
  settings.steps = steps;
  drawSteps();
  send();
}

function drawSteps() {
  const focused = document.activeElement?.dataset?.step;
  find(".steps").replaceChildren(...settings.steps.map(stepItem));
  if (focused) find(`[data-step="${focused}"]`)?.focus();
  drawAdders();
}

function stepItem(step, place) {
  const { words } = props;
  const item = node("li", "step-item");
  const head = node("div", "step-head");
  head.append(node("b", "", `${place + 2}. ${words[`step_${step.kind}`]}`), stepButtons(place));
  const choices = node("div", "step-choices");
  const set = (name, text) => { changeSteps(settings.steps.map((one, i) => (i === place ? { ...one, [name]: text } : one))); };
  if (step.kind === "pool") {
    choices.append(
      choice(words.step_pool, OFFERED.pools, step.name, (name) => words[`pool_${name}`], (to) => set("name", to), `${place}-name`),
      choice(words.window, OFFERED.windows, step.window, (side) => `${side}×${side}`, (to) => set("window", Number(to)), `${place}-window`),
    );
  }
  if (step.kind === "filter") {
    const names = OFFERED.presets.map((preset) => preset.name);
    choices.append(choice(words.step_filter, names, step.name, (name) => words[`kernel_${name}`], (to) => set("name", to), `${place}-name`));
  }
  if (step.kind !== "relu") {
    choices.append(choice(words.stride, OFFERED.strides, step.stride, String, (to) => set("stride", Number(to)), `${place}-stride`));
  }
  const made = value?.settings && sameStep(value.settings.steps[place], step) ? value.steps[place] : null;
  const picture = node("div", "step-picture");
  if (made) {
    const image = node("img", "pixels");
    image.src = made.uri;
    image.alt = `${place + 2}. ${words[`step_${step.kind}`]}`;
    picture.append(image, legendOf(made));
  }
  item.append(head, choices, picture, node("p", "soft", made ? said().steps[place] : ""));
  return item;
}

const sameStep = (one, other) => one && ["kind", "name", "window", "stride"].every((key) => one[key] === other[key]);

function stepButtons(place) {
  const { words } = props;
  const last = settings.steps.length - 1;
  const buttons = node("span", "step-buttons");
  const moved = (from, to) => {
    const steps = [...settings.steps];
    steps.splice(to, 0, ...steps.splice(from, 1));
    changeSteps(steps);
  };
  const add = (sign, label, able, act) => {
    const button = node("button", "quiet", sign);
    button.type = "button";
    button.title = label;
    button.dataset.step = `${place}-${sign}`;
    button.setAttribute("aria-label", `${label}: ${place + 2}. ${words[`step_${settings.steps[place].kind}`]}`);
    button.disabled = !able;
    button.addEventListener("click", act);
    buttons.append(button);
  };
  add("↑", words.up, place > 0, () => moved(place, place - 1));
  add("↓", words.down, place < last, () => moved(place, place + 1));
  add("×", words.remove, true, () => changeSteps(settings.steps.filter((_, i) => i !== place)));
  return buttons;
}

function choice(label, options, chosen, name, act, key) {
  const field = node("label", "inline");
  const select = node("select");
  select.dataset.step = key;
  for (const option of options) select.append(new Option(name(option), option, false, String(option) === String(chosen)));
  select.addEventListener("change", () => act(select.value));
  field.append(node("span", "", label), select);
  return field;
}

function legendOf(map) {
  const legend = node("div", "legend");
  legend.append(node("span", "", map.low), node("i", `bar ${map.kind}`), node("span", "", map.high));
  return legend;
}
