// Play: the window walks over the picture, row by row, and the map fills behind it. Slow at first, so that each
// step can be followed, then faster and faster. Who asked for less motion steps by the button alone.

const SLOW_SECONDS = 4; // of 1.6 values a second
const LAST_SECONDS = 7; // about how long the fast rest takes
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const walk = { at: null, running: false, since: 0, last: 0 };

const count = () => value.map.width * value.map.height;
const walkPoint = () => (walk.at === null ? null
  : [Math.floor(Math.floor(walk.at) / value.map.width), Math.floor(walk.at) % value.map.width]);

function play() {
  if (!value?.map) return;
  walk.running = !walk.running;
  if (walk.at === null) { walk.at = 0; walk.since = 0; }
  walk.last = performance.now();
  if (walk.running) requestAnimationFrame(tick);
  drawWalk();
}

function stepOnce() {
  if (!value?.map) return;
  walk.running = false;
  walk.at = walk.at === null ? 0 : Math.floor(walk.at) + 1;
  if (walk.at >= count()) endWalk();
  drawWalk();
  announce();
}

function endWalk() {
  walk.at = null;
  walk.running = false;
  drawWalk();
}

function tick(now) {
  if (!walk.running || !element.offsetParent) { walk.running = false; return; }
  const seconds = Math.min(0.1, (now - walk.last) / 1000);
  walk.last = now;
  walk.since += seconds;
  const fast = Math.min(count() / LAST_SECONDS, 1.6 * 2 ** (Math.max(0, walk.since - SLOW_SECONDS) / 0.45));
  walk.at += seconds * fast;
  if (walk.at >= count()) endWalk();
  else requestAnimationFrame(tick);
  drawWalk();
}

// The part of the map that is not computed yet lies under a veil with the photo on it.
function drawWalk() {
  const veil = find(".veil");
  const active = walk.at !== null;
  if (active && veil.hidden) layVeil();
  veil.hidden = !active;
  if (active) {
    const [row, column] = walkPoint();
    const { width, height } = value.map;
    const [x, y, next] = [(100 * (column + 1)) / width, (100 * row) / height, (100 * (row + 1)) / height];
    veil.style.clipPath = `polygon(${x}% ${y}%, 100% ${y}%, 100% 100%, 0 100%, 0 ${next}%, ${x}% ${next}%)`;
  }
  const { words } = props;
  find(".play").textContent = walk.running ? words.play_pause : active ? words.play_on : words.play_start;
  find(".play").hidden = calm.matches;
  find(".end").hidden = !active;
  drawPoint();
}

// Where the photo lies under the map: value (r, c) sees the pixels around (r S - P + reach / 2).
function layVeil() {
  const image = document.querySelector("#photo .photo-picture");
  const veil = find(".veil");
  if (!image || !photo) return;
  const { stride } = answered;
  const start = -padding(answered) + (reach(answered) - stride) / 2;
  const part = (side, values) => values * stride; // pixels of the photo along the map
  const [across, down] = [part(photo.width, value.map.width), part(photo.height, value.map.height)];
  veil.style.backgroundImage = `url("${image.currentSrc || image.src}")`;
  veil.style.backgroundSize = `${(100 * photo.width) / across}% ${(100 * photo.height) / down}%`;
  const shift = (from, whole, shown) => (whole === shown ? 0 : (100 * -from) / (shown - whole));
  veil.style.backgroundPosition = `${shift(start, photo.width, across)}% ${shift(start, photo.height, down)}%`;
}
