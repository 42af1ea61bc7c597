// Choosing the second photo: the page's examples once more, and a file of one's own. A click on an example triggers "pick",
// a file is uploaded and then triggers "own"; both only fill the hidden second photo.
const root = element.querySelector(".second");
const picker = document.createElement("div");
const label = document.createElement("label");
const word = document.createElement("span");
const input = document.createElement("input");
const problem = document.createElement("p");
picker.className = "picker";
picker.setAttribute("role", "group");
label.className = "photo-upload";
input.type = "file";
input.accept = "image/*,.heic,.heif";
input.className = "photo-input";
problem.setAttribute("role", "alert");
problem.hidden = true;
label.append(input, word);
root.append(picker, label, problem);
let ticket = 0;

function words() {
  picker.setAttribute("aria-label", props.words.title);
  word.textContent = props.words.upload;
  input.setAttribute("aria-label", props.words.upload);
  problem.textContent = props.words.failed;
  [...picker.children].forEach((made, index) => { made.title = made.firstChild.alt = props.words.names[index]; });
}

// The pictures of the photo column's own buttons, which are on the page already.
function draw() {
  picker.replaceChildren(...[...document.querySelectorAll("#photo-column .picker img")].map((example, index) => {
    const button = document.createElement("button");
    const image = document.createElement("img");
    image.src = example.src;
    button.type = "button";
    button.append(image);
    button.addEventListener("click", () => {
      ticket += 1;
      mark(index);
      trigger("pick", { index });
    });
    return button;
  }));
  mark(-1);
  words();
}

function mark(index) {
  problem.hidden = true;
  [...picker.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
}

async function bring(file) {
  if (!file) return;
  const mine = ++ticket;
  mark(-1);
  root.setAttribute("aria-busy", "true");
  try {
    const sent = file.size > props.words.max_bytes ? null : await upload(file);
    if (mine !== ticket) return;
    if (!sent) throw new Error("too large");
    props.value = { file: { ...sent, orig_name: file.name, meta: { _type: "gradio.FileData" } } };
    trigger("own");
  } catch (error) {
    if (mine === ticket) problem.hidden = false;
  } finally {
    root.removeAttribute("aria-busy");
  }
}

input.addEventListener("change", () => { const file = input.files[0]; input.value = ""; bring(file); });
watch("words", words);
draw();
