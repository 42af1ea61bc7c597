// The example photos: one button each. Texts and pictures come as props; a click triggers "pick".
const root = element.querySelector(".picker");

function draw() {
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", props.title);
  root.replaceChildren(...props.thumbnails.map((source, index) => {
    const button = document.createElement("button");
    const image = document.createElement("img");
    image.src = source;
    image.alt = props.names[index];
    button.type = "button";
    button.title = props.names[index];
    button.append(image);
    button.addEventListener("click", () => {
      mark(index);
      props.value = { chosen: index };
      trigger("pick", { index });
    });
    return button;
  }));
  mark(root.dataset.chosen ?? 0);
}

function mark(index) {
  root.dataset.chosen = index;
  [...root.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === Number(index))));
}

// A photo of the visitor's own is none of the examples.
function unmark() { mark(-1); }

watch(["names", "title"], draw);
watch("value", () => (props.value && props.value.chosen === -1 ? unmark() : null));
draw();
