// The photo column: the photo with its frames, the examples, and the ways to bring a photo of one's own.
// A photo of the visitor's is shown from the browser at once and uploaded beside it; "own" tells Python when it is there.
const root = element.querySelector(".photo-column");
const MAX_BYTES = props.max_bytes;
const state = { chosen: 0, file: null, shownUrl: null, crop: null, stream: null, ticket: 0 };

const frame = node("div", "photo-frame");
const picture = node("img", "photo-picture");
const video = node("video", "photo-video");
const marks = node("div", "photo-marks");
const cropBox = node("div", "crop-box");
const remove = button("photo-remove", "remove", clear);
const empty = node("p", "photo-empty");
const problem = node("p", "photo-problem");
const picker = node("div", "picker");
const actions = node("div", "photo-actions");
const kept = node("p", "soft photo-kept");
const input = document.createElement("input");
video.muted = video.playsInline = true;
video.hidden = marks.hidden = cropBox.hidden = problem.hidden = empty.hidden = true;
problem.setAttribute("role", "alert");
cropBox.tabIndex = 0;
cropBox.setAttribute("role", "group");
picker.setAttribute("role", "group");
input.type = "file";
input.accept = "image/*,.heic,.heif";
input.className = "photo-input";
frame.append(picture, video, marks, cropBox, empty, remove);
root.append(frame, problem, picker, actions, kept);

function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(className, word, action) {
  const made = node("button", className);
  made.type = "button";
  made.dataset.word = word;
  made.addEventListener("click", action);
  return made;
}

// ---------------------------------------------------------------- what is shown

function show(url) {
  if (state.shownUrl && state.shownUrl.startsWith("blob:")) URL.revokeObjectURL(state.shownUrl);
  state.shownUrl = url;
  picture.hidden = !url;
  empty.hidden = Boolean(url);
  remove.hidden = !url;
  if (url) picture.src = url;
  else picture.removeAttribute("src");
  window.cnnhubFrame?.(null);
}

function name() {
  return state.chosen >= 0 ? props.names[state.chosen] : props.words.own;
}

function words() {
  root.querySelectorAll("[data-word]").forEach((made) => {
    const text = props.words[made.dataset.word];
    if (made === remove) made.title = text;
    else made.textContent = text;
    made.setAttribute("aria-label", text);
  });
  picture.alt = name();
  empty.textContent = props.words.empty;
  kept.textContent = props.words.kept;
  picker.setAttribute("aria-label", props.words.examples);
  cropBox.setAttribute("aria-label", props.words.crop_box);
  input.setAttribute("aria-label", props.words.upload);
  video.setAttribute("aria-label", props.words.camera);
  [...picker.children].forEach((made, index) => {
    made.title = made.firstChild.alt = props.names[index];
  });
}

function drawPicker() {
  picker.replaceChildren(...props.thumbnails.map((source, index) => {
    const made = node("button");
    const image = node("img");
    image.src = source;
    made.type = "button";
    made.dataset.key = props.keys[index];
    made.append(image);
    made.addEventListener("click", () => example(index));
    return made;
  }));
}

function drawActions() {
  const label = node("label", "photo-upload");
  const text = node("span");
  text.dataset.word = "upload";
  label.append(input, text);
  const choices = {
    crop: [button("", "crop_use", useCrop), button("", "cancel", endCrop)],
    camera: [button("", "snap", snap), button("", "cancel", endCamera)],
    none: [label, button("", "camera", camera), button("", "paste", paste), button("", "crop", startCrop)],
  };
  actions.replaceChildren(...choices[state.crop ? "crop" : state.stream ? "camera" : "none"]);
  words();
}

function mark(index) {
  state.chosen = index;
  [...picker.children].forEach((made, i) => made.setAttribute("aria-pressed", String(i === index)));
  picture.alt = name();
}

function say(word) {
  problem.hidden = !word;
  problem.textContent = word ? props.words[word] : "";
}

// ---------------------------------------------------------------- where a photo comes from

function example(index) {
  leave();
  mark(index);
  show(props.urls[index]);
  window.cnnhubLink?.set({ example: props.keys[index] }, true);
  props.value = { chosen: index };
  trigger("pick", { index });
}

function clear() {
  leave();
  mark(-1);
  show(null);
  window.cnnhubLink?.set({ example: null });
  props.value = { chosen: -1, file: null };
  trigger("own");
}

// Show a file at once, upload it, and then tell Python. A later photo overtakes an earlier upload.
async function bring(file) {
  leave();
  if (!file) return;
  if (file.size > MAX_BYTES) return say("too_heavy");
  const ticket = ++state.ticket;
  show(URL.createObjectURL(file));
  mark(-1);
  window.cnnhubLink?.set({ example: null });
  root.setAttribute("aria-busy", "true");
  try {
    const sent = await upload(file);
    if (ticket !== state.ticket) return;
    props.value = { chosen: -1, file: { ...sent, orig_name: file.name, meta: { _type: "gradio.FileData" } } };
    trigger("own");
  } catch (error) {
    if (ticket === state.ticket) say("upload_failed");
  } finally {
    root.removeAttribute("aria-busy");
  }
}

function leave() {
  state.ticket += 1;
  say(null);
  endCrop();
  endCamera();
}

input.addEventListener("change", () => { const file = input.files[0]; input.value = ""; bring(file); });
frame.addEventListener("dragover", (event) => event.preventDefault());
frame.addEventListener("drop", (event) => { event.preventDefault(); bring(event.dataTransfer.files[0]); });
document.addEventListener("paste", (event) => {
  const item = [...(event.clipboardData?.items ?? [])].find((one) => one.type.startsWith("image/"));
  if (!item) return;
  event.preventDefault();
  bring(item.getAsFile());
});

async function paste() {
  say(null);
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((one) => one.startsWith("image/"));
      if (type) return bring(new File([await item.getType(type)], "pasted.png", { type }));
    }
    say("paste_nothing");
  } catch (error) {
    say("paste_keys");
  }
}

async function camera() {
  say(null);
  try {
    state.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    return say("camera_none");
  }
  video.srcObject = state.stream;
  video.hidden = false;
  await video.play();
  drawActions();
}

function snap() {
  if (!video.videoWidth) return;
  const canvas = drawn(video, 0, 0, video.videoWidth, video.videoHeight);
  canvas.toBlob((blob) => bring(new File([blob], "camera.png", { type: "image/png" })), "image/png");
}

function endCamera() {
  if (!state.stream) return;
  state.stream.getTracks().forEach((track) => track.stop());
  state.stream = null;
  video.hidden = true;
  video.srcObject = null;
  drawActions();
}

// ---------------------------------------------------------------- a crop, in shares of the photo's sides

function startCrop() {
  if (!picture.naturalWidth) return;
  say(null);
  state.crop = { x: 0.15, y: 0.15, w: 0.7, h: 0.7 };
  cropBox.hidden = false;
  drawCrop();
  drawActions();
  cropBox.focus();
}

function endCrop() {
  if (!state.crop) return;
  state.crop = null;
  cropBox.hidden = true;
  drawActions();
}

function drawCrop() {
  const { x, y, w, h } = state.crop;
  const box = window.cnnhubPhotoBox();
  Object.assign(cropBox.style, {
    left: `${box.left + x * box.width}px`, top: `${box.top + y * box.height}px`,
    width: `${w * box.width}px`, height: `${h * box.height}px`,
  });
}

function within(value, low, high) { return Math.min(Math.max(value, low), high); }

cropBox.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (event.key === "Enter") return useCrop();
  if (event.key === "Escape") return endCrop();
  if (!step || !state.crop) return;
  event.preventDefault();
  const crop = state.crop;
  if (event.shiftKey) {
    crop.w = within(crop.w + 0.02 * step[0], 0.05, 1 - crop.x);
    crop.h = within(crop.h + 0.02 * step[1], 0.05, 1 - crop.y);
  } else {
    crop.x = within(crop.x + 0.02 * step[0], 0, 1 - crop.w);
    crop.y = within(crop.y + 0.02 * step[1], 0, 1 - crop.h);
  }
  drawCrop();
});

frame.addEventListener("pointerdown", (event) => {
  if (!state.crop) return;
  event.preventDefault();
  frame.setPointerCapture(event.pointerId);
  const moves = event.target === cropBox;
  const from = place(event);
  const old = { ...state.crop };
  const drag = (now) => {
    const to = place(now);
    state.crop = moves
      ? { ...old, x: within(old.x + to.x - from.x, 0, 1 - old.w), y: within(old.y + to.y - from.y, 0, 1 - old.h) }
      : { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y),
          w: Math.max(Math.abs(to.x - from.x), 0.05), h: Math.max(Math.abs(to.y - from.y), 0.05) };
    state.crop.w = Math.min(state.crop.w, 1 - state.crop.x);
    state.crop.h = Math.min(state.crop.h, 1 - state.crop.y);
    drawCrop();
  };
  frame.addEventListener("pointermove", drag);
  frame.addEventListener("pointerup", () => frame.removeEventListener("pointermove", drag), { once: true });
});

function place(event) {
  const rect = frame.getBoundingClientRect();
  const box = window.cnnhubPhotoBox();
  return {
    x: within((event.clientX - rect.left - box.left) / box.width, 0, 0.95),
    y: within((event.clientY - rect.top - box.top) / box.height, 0, 0.95),
  };
}

function useCrop() {
  const { x, y, w, h } = state.crop;
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const canvas = drawn(picture, Math.round(x * width), Math.round(y * height),
    Math.max(1, Math.round(w * width)), Math.max(1, Math.round(h * height)));
  canvas.toBlob((blob) => bring(new File([blob], "crop.png", { type: "image/png" })), "image/png");
}

function drawn(source, x, y, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").drawImage(source, x, y, width, height, 0, 0, width, height);
  return canvas;
}

// ---------------------------------------------------------------- what other parts of the page use

// Where the picture itself lies inside its box, which it fills as far as its shape allows; in CSS pixels.
window.cnnhubPhotoBox = () => {
  const [width, height] = [picture.naturalWidth || 1, picture.naturalHeight || 1];
  const scale = Math.min(picture.clientWidth / width, picture.clientHeight / height);
  return {
    left: picture.offsetLeft + (picture.clientWidth - width * scale) / 2,
    top: picture.offsetTop + (picture.clientHeight - height * scale) / 2,
    width: width * scale, height: height * scale,
  };
};

// Frame a part of the photo: {x, y, w, h} in shares of its sides, or null to take the frame away.
window.cnnhubFrame = (part) => {
  marks.hidden = !part;
  if (!part) return;
  const box = window.cnnhubPhotoBox();
  const [width, height] = [Math.max(part.w * box.width, 8), Math.max(part.h * box.height, 8)];
  Object.assign(marks.style, {
    left: `${box.left + (part.x + part.w / 2) * box.width - width / 2}px`,
    top: `${box.top + (part.y + part.h / 2) * box.height - height / 2}px`,
    width: `${width}px`, height: `${height}px`,
  });
};

// Python answers with a preview where the browser cannot show the file itself, or chooses an example for a link.
function answered() {
  const value = props.value ?? {};
  if (value.preview) show(value.preview);
  if (value.chosen >= 0 && value.chosen !== state.chosen) {
    mark(value.chosen);
    show(props.urls[value.chosen]);
  }
}

picture.addEventListener("error", () => { picture.hidden = true; }); // until its preview comes
picture.addEventListener("load", () => { picture.hidden = false; if (state.crop) drawCrop(); });
window.addEventListener("resize", () => state.crop && drawCrop());
watch(["names", "words"], words);
watch("value", answered);
drawPicker();
drawActions();
const first = props.value?.chosen ?? 0;
mark(first);
show(props.urls[first]);
words();
