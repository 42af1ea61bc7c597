// The sign of work. A tab that shows another photo than the chosen one, or the answer of another network, is dimmed from the
// moment of the choice until the right answer is there. props.value is made by working.py: what a tab shows from now on.

const now = { photo: null, network: null, second: null }; // chosen; photos by their paths on the server, or anything until they have one
const shows = {}; // a tab's name -> what it shows
let asked = null; // the network that was clicked and did not answer yet
let props = null;
const read = new WeakSet(); // toasts
let isHopeless = false; // nothing is on its way
let inLine = 0; // events that the server has no room for yet
const [AGAIN, MOST_TRIES] = [1000, 40]; // milliseconds between two tries at least, twice as many at most

export function mount(component) {
  ({ props } = component);
  component.watch("value", take);
  component.watch("words", draw);
  for (const name of ["online", "offline"]) window.addEventListener(name, draw);
  window.fetch = whenThereIsRoom(window.fetch);
  new MutationObserver(readToasts).observe(document.body, { childList: true, subtree: true });
  take();
}

// The visitor chose another photo.
export function photoChosen(photo) {
  now.photo = photo;
  isHopeless = false;
  draw();
}

// The one that is compared with it.
export function secondChosen(photo) {
  now.second = photo;
  draw();
}

export function networkChosen(network) {
  asked = now.network = network;
  draw();
}

// The photo did not arrive: no answer will come.
export function giveUp() { isHopeless = true; draw(); }

export const openTab = () => document.querySelector('[role=tab][aria-selected=true][id^="tab-"]')?.id.split("-")[1] ?? "what";

// Whether what a server said is of the chosen photo, by its path, and network.
export const isChosen = (photo, network) => photo === now.photo && (!now.network || network === now.network);

export function isStale() {
  const shown = shows[openTab()];
  if (!shown) return true;
  return shown.photo !== now.photo || Boolean(shown.network && now.network && shown.network !== now.network);
}

function take() {
  const got = props.value;
  if (!got) return;
  shows[got.tab] = got;
  if (got.network && (!asked || got.network === asked)) {
    now.network = got.network;
    asked = null;
  }
  draw();
}

export function draw() {
  const room = document.getElementById("tab-column");
  if (!room || !props) return;
  const stale = isStale();
  room.classList.toggle("stale", stale);
  room.setAttribute("aria-busy", String(stale));
  document.getElementById("compared")?.classList.toggle("stale", (shows.what?.second ?? null) !== now.second);
  const sign = room.querySelector(".work");
  const isCut = !navigator.onLine;
  sign.classList.toggle("busy", stale && !isHopeless && !isCut);
  sign.textContent = inLine ? props.words.full : stale && !isHopeless ? props.words[isCut ? "none" : "now"] : "";
}

// An event that comes when the server's line is full is sent again until there is room: gradio would drop it, and say nothing.
function whenThereIsRoom(fetch) {
  return async (...request) => {
    let answer = await fetch(...request);
    if (!String(request[0]?.url ?? request[0]).includes("/queue/join")) return answer;
    for (let tries = 0; answer.status === 503 && tries < MOST_TRIES; tries += 1) {
      inLine += 1;
      draw();
      await new Promise((done) => { setTimeout(done, AGAIN * (1 + Math.random())); });
      inLine -= 1;
      answer = await fetch(...request);
      draw();
    }
    return answer;
  };
}

// gradio says in English alone that the connection is lost; of any other failure it says that there will be no answer.
function readToasts() {
  for (const text of document.querySelectorAll(".toast-message-text")) {
    const toast = text.closest(".toast-body");
    if (/connection|failed to fetch/i.test(text.textContent)) {
      say(text, props.words.lost);
      say(toast?.querySelector(".toast-title"), props.words.error);
    } else if (toast?.classList.contains("error") && text.textContent !== props.words.lost && !read.has(toast)) {
      read.add(toast);
      giveUp();
    }
  }
}

function say(place, words) {
  const told = place?.firstChild; // gradio's own text; what else stands there is left alone
  if (told && told.nodeValue !== words) told.nodeValue = words;
}
