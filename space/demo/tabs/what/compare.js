// Choosing the second photo: the page's examples once more, and a file of one's own, which is uploaded. Either triggers "own",
// which only fills the hidden second photo.

import { node, press } from "../../page/common.js";
import { examples } from "../../page/photo.js";
import { Uploads, fileField, fillPicker, namePicker } from "../../page/upload.js";
import { secondChosen } from "../../page/working.js";

export async function mount({ element, props, trigger, upload, watch }) {
  const root = element.querySelector(".second");
  const [picker, problem] = [node("div", "picker"), node("p")];
  const file = fileField(bring);
  const uploads = new Uploads(root, upload);

  function drawWords() {
    const { title, names, upload: word, failed } = props.words;
    namePicker(picker, title, names);
    file.word.textContent = word;
    file.input.setAttribute("aria-label", word);
    problem.textContent = failed;
  }

  function choose(index) {
    problem.hidden = true;
    press(picker.children, index);
  }

  function tell(given) {
    props.value = { file: given };
    secondChosen(given.path);
    trigger("own");
  }

  async function bring(chosen) {
    if (!chosen) return;
    uploads.overtake();
    choose(-1);
    problem.hidden = chosen.size <= props.words.max_bytes;
    if (!problem.hidden) return;
    secondChosen(chosen);
    try {
      const sent = await uploads.send(chosen);
      if (!sent) return;
      tell(sent);
    } catch {
      problem.hidden = false;
    }
  }

  problem.setAttribute("role", "alert");
  root.append(picker, file.label, problem);
  const { thumbnails, files } = await examples();
  fillPicker(picker, thumbnails, (index) => {
    uploads.overtake();
    choose(index);
    tell(files[index]);
  });
  choose(-1);
  drawWords();
  watch("words", drawWords);
}
