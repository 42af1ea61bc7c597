// A network so small that it learns to read digits while one watches: the twin of cnnhub.live and cnnhub.handwriting, which
// say more of it. Convolution with 8 filters 3 x 3 and ReLU, 2 x 2 max pooling, a linear layer, softmax; 810 parameters.
// In double precision and the same order of work; tests hold the two together. Pictures lie in one array, row by row.

export const [COUNT, SIDE, CLASSES, LEVELS] = [1797, 8, 10, 16];
export const [FILTERS, KERNEL, MAP, POOLED] = [8, 3, 6, 3];
export const SHAPES = { filters: [8, 3, 3], filterBiases: [8], weights: [10, 72], biases: [10] };
export const PARAMETERS = 810;
export const MOMENTUM = 0.9;
const [HELD_OUT, STEP] = [0.25, 1e-5];
const PIXELS = SIDE * SIDE;
const FEATURES = FILTERS * POOLED * POOLED; // 72
const MAPS = FILTERS * MAP * MAP; // 288
const [WEIGHTS, SPLIT, ORDER, NOISE] = [0, 1, 2, 3]; // streams of Chance

// ---- chance: mulberry32, as cnnhub.chance has it
export class Chance {
  constructor(seed, stream = 0) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xFFFFFFFF) {
      throw new RangeError(`seed=${seed} arrived; expected a whole number from 0 to ${0xFFFFFFFF}.`);
    }
    this.state = (seed + Math.imul(stream, 0x9E3779B9)) | 0;
  }

  // From 0 up to 1, which it never is.
  uniform() {
    this.state = (this.state + 0x6D2B79F5) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  // Of the normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958).
  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  below(limit) {
    return Math.floor(this.uniform() * limit);
  }

  // 0 to count - 1, each order as likely as another (Fisher and Yates 1938).
  order(count) {
    const numbers = Int32Array.from({ length: count }, (_, i) => i);
    for (let last = count - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      [numbers[last], numbers[other]] = [numbers[other], numbers[last]];
    }
    return numbers;
  }
}

// ---- digits
// cnnhub's data/digits.zz, as an ArrayBuffer, bytes or base64 -> { pictures: Float64Array (1797 * 64), labels: Uint8Array }.
export async function digitsOf(file) {
  const bytes = typeof file === "string" ? Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0)) : file;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const values = new Uint8Array(await new Response(stream).arrayBuffer());
  return { pictures: Float64Array.from(values.subarray(COUNT), (value) => value / LEVELS), labels: values.slice(0, COUNT) };
}

// ---- the network
// Parameters, or the gradients in them, by what they belong to: views into one vector.
export function parts(vector) {
  let start = 0;
  return Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => {
    const end = start + shape.reduce((product, side) => product * side, 1);
    const view = vector.subarray(start, end);
    start = end;
    return [name, view];
  }));
}

export class LiveNetwork {
  constructor(seed = 0) {
    const chance = new Chance(seed, WEIGHTS);
    this.parameters = new Float64Array(PARAMETERS);
    for (const [weights, inputs] of [[this.parts.filters, KERNEL ** 2], [this.parts.weights, FEATURES]]) {
      for (let i = 0; i < weights.length; i += 1) weights[i] = Math.sqrt(2 / inputs) * chance.normal();
    }
  }

  get parts() {
    return parts(this.parameters);
  }

  // What it makes of pictures (N * 64), layer by layer, each in one array: maps (N, 8, 6, 6), pooled (N, 8, 3, 3), logits and
  // probabilities (N, 10); `largest` says which value of each window was it, 0 to 3.
  activations(pictures) {
    const count = countOf(pictures);
    const seen = {
      count,
      maps: new Float64Array(count * MAPS),
      pooled: new Float64Array(count * FEATURES),
      largest: new Uint8Array(count * FEATURES),
      logits: new Float64Array(count * CLASSES),
      probabilities: new Float64Array(count * CLASSES),
    };
    const own = this.parts;
    for (let n = 0; n < count; n += 1) {
      convolve(pictures, own, seen.maps, n);
      pool(seen, n);
      classify(seen, own, n);
    }
    return seen;
  }

  // Pictures (N * 64) -> probabilities (N * 10).
  forward(pictures) {
    return this.activations(pictures).probabilities;
  }

  // The mean cross-entropy, nats.
  loss(pictures, labels) {
    return crossEntropy(this.activations(pictures).logits, labels);
  }

  // The derivatives (810) of the loss, by back-propagation.
  gradients(pictures, labels, seen = this.activations(pictures)) {
    const gradients = new Float64Array(PARAMETERS);
    const [own, made] = [this.parts, parts(gradients)];
    const ofLogits = new Float64Array(CLASSES);
    for (let n = 0; n < seen.count; n += 1) {
      for (let k = 0; k < CLASSES; k += 1) {
        ofLogits[k] = (seen.probabilities[n * CLASSES + k] - (labels[n] === k ? 1 : 0)) / seen.count;
        made.biases[k] += ofLogits[k];
      }
      for (let feature = 0; feature < FEATURES; feature += 1) {
        descend(pictures, own, made, seen, ofLogits, n, feature);
      }
    }
    return gradients;
  }

  // A copy in which one parameter has another value.
  withParameter(index, value) {
    const other = Object.assign(Object.create(LiveNetwork.prototype), { parameters: this.parameters.slice() });
    other.parameters[index] = value;
    return other;
  }
}

function countOf(pictures) {
  if (pictures.length % PIXELS) throw new RangeError(`${pictures.length} values arrived; expected ${PIXELS} for each picture.`);
  return pictures.length / PIXELS;
}

function convolve(pictures, { filters, filterBiases }, maps, n) {
  let to = n * MAPS;
  for (let filter = 0; filter < FILTERS; filter += 1) {
    const bias = filterBiases[filter];
    const w = filter * KERNEL * KERNEL;
    for (let y = 0; y < MAP; y += 1) {
      for (let x = 0; x < MAP; x += 1) {
        const at = n * PIXELS + y * SIDE + x;
        // written out, which is faster: one weight after the other, from the upper left
        const sum = bias + filters[w] * pictures[at] + filters[w + 1] * pictures[at + 1] + filters[w + 2] * pictures[at + 2]
          + filters[w + 3] * pictures[at + SIDE] + filters[w + 4] * pictures[at + SIDE + 1] + filters[w + 5] * pictures[at + SIDE + 2]
          + filters[w + 6] * pictures[at + 2 * SIDE] + filters[w + 7] * pictures[at + 2 * SIDE + 1] + filters[w + 8] * pictures[at + 2 * SIDE + 2];
        maps[to] = sum < 0 ? 0 : sum; // ReLU; a nan stays one
        to += 1;
      }
    }
  }
}

// Where in the maps of a picture the first value of a feature's window lies.
const windowOf = (feature) => {
  const filter = Math.floor(feature / POOLED ** 2);
  const row = Math.floor(feature / POOLED) % POOLED;
  return (filter * MAP + 2 * row) * MAP + 2 * (feature % POOLED);
};
const CORNERS = Int32Array.from({ length: FEATURES }, (_, feature) => windowOf(feature));
const WINDOW = [0, 1, MAP, MAP + 1]; // its values, row by row

function pool({ maps, pooled, largest }, n) {
  for (let feature = 0; feature < FEATURES; feature += 1) {
    const corner = n * MAPS + CORNERS[feature];
    let best = 0;
    for (let place = 1; place < 4; place += 1) {
      if (maps[corner + WINDOW[place]] > maps[corner + WINDOW[best]]) best = place;
    }
    largest[n * FEATURES + feature] = best;
    pooled[n * FEATURES + feature] = maps[corner + WINDOW[best]];
  }
}

function classify({ pooled, logits, probabilities }, { weights, biases }, n) {
  let highest = -Infinity;
  for (let k = 0; k < CLASSES; k += 1) {
    let sum = 0;
    for (let i = 0; i < FEATURES; i += 1) sum += weights[k * FEATURES + i] * pooled[n * FEATURES + i];
    logits[n * CLASSES + k] = sum + biases[k];
    highest = Math.max(highest, logits[n * CLASSES + k]);
  }
  let total = 0;
  for (let at = n * CLASSES; at < (n + 1) * CLASSES; at += 1) {
    probabilities[at] = Math.exp(logits[at] - highest);
    total += probabilities[at];
  }
  for (let at = n * CLASSES; at < (n + 1) * CLASSES; at += 1) probabilities[at] /= total;
}

// One feature's share of the gradients: of the linear layer, and through pooling and ReLU of its filter.
function descend(pictures, own, made, seen, ofLogits, n, feature) {
  const value = seen.pooled[n * FEATURES + feature];
  let ofPooled = 0;
  for (let k = 0; k < CLASSES; k += 1) {
    made.weights[k * FEATURES + feature] += ofLogits[k] * value;
    ofPooled += ofLogits[k] * own.weights[k * FEATURES + feature];
  }
  if (!(value > 0)) return; // ReLU
  const filter = Math.floor(feature / POOLED ** 2);
  const place = CORNERS[feature] + WINDOW[seen.largest[n * FEATURES + feature]] - filter * MAP * MAP;
  const corner = n * PIXELS + Math.floor(place / MAP) * SIDE + (place % MAP);
  made.filterBiases[filter] += ofPooled;
  for (let i = 0; i < KERNEL; i += 1) {
    for (let j = 0; j < KERNEL; j += 1) {
      made.filters[(filter * KERNEL + i) * KERNEL + j] += ofPooled * pictures[corner + i * SIDE + j];
    }
  }
}

function crossEntropy(logits, labels) {
  let sum = 0;
  for (let n = 0; n < labels.length; n += 1) {
    const own = logits.subarray(n * CLASSES, (n + 1) * CLASSES);
    const highest = Math.max(...own);
    let total = 0;
    for (const logit of own) total += Math.exp(logit - highest);
    sum += highest + Math.log(total) - own[labels[n]];
  }
  return sum / labels.length;
}

// The label that is most probable, of one picture's ten logits or probabilities; the first of equals.
export function answerOf(values) {
  let best = 0;
  for (let k = 1; k < CLASSES; k += 1) if (values[k] > values[best]) best = k;
  return best;
}

// ---- learning
// learningRate, batchSize and momentum may be changed between steps. With a rate far too large the loss ends as NaN.
export class Training {
  constructor(digits, { seed = 0, learningRate = 0.05, batchSize = 32, noise = 0, momentum = MOMENTUM } = {}) {
    Object.assign(this, { digits, learningRate, batchSize, noise, momentum, steps: 0, seen: 0 });
    this.network = new LiveNetwork(seed);
    const places = new Chance(0, SPLIT).order(COUNT);
    const heldOut = Math.round(HELD_OUT * COUNT);
    this.heldOut = places.slice(0, heldOut).sort(); // a typed array sorts by value
    this.train = places.slice(heldOut).sort();
    this.check();
    this.labels = noisy(digits.labels, this.train, noise, new Chance(seed, NOISE));
    this.chance = new Chance(seed, ORDER);
    this.velocity = new Float64Array(PARAMETERS);
    this.beginPass();
  }

  // How many times it has seen as many digits as there are to learn from.
  get epoch() {
    return this.seen / this.train.length;
  }

  // Positions of the digits of the next step.
  get batch() {
    if (this.next + this.batchSize > this.train.length) this.beginPass(); // a pass ends with its last whole batch
    return this.order.subarray(this.next, this.next + this.batchSize);
  }

  // Learn from the next batch: v = momentum v - rate gradient, w = w + v -> the loss on it before the step, nats.
  step() {
    this.check();
    const { pictures, labels } = this.ofBatch();
    const seen = this.network.activations(pictures);
    const gradients = this.network.gradients(pictures, labels, seen);
    for (let i = 0; i < PARAMETERS; i += 1) {
      this.velocity[i] = this.momentum * this.velocity[i] - this.learningRate * gradients[i];
      this.network.parameters[i] += this.velocity[i];
    }
    this.next += labels.length;
    this.seen += labels.length;
    this.steps += 1;
    return crossEntropy(seen.logits, labels);
  }

  // The share of held-out digits that it reads right; or of training digits whose given label it repeats.
  accuracy(ofHeldOut = true) {
    const positions = ofHeldOut ? this.heldOut : this.train;
    return 1 - this.misread(positions).length / positions.length;
  }

  // Positions of the held-out digits that it misreads.
  wrong() {
    return this.misread(this.heldOut);
  }

  // The loss on the next step's batch along one parameter, from `reach` below to `reach` above its value; and its derivative
  // there, by back-propagation and as a difference of two losses.
  slope(index, reach = 0.5, points = 21) {
    if (!(index >= 0 && index < PARAMETERS)) {
      throw new RangeError(`index=${index} arrived; expected a parameter's number, 0 to ${PARAMETERS - 1}.`);
    }
    const { pictures, labels } = this.ofBatch();
    const weight = this.network.parameters[index];
    const loss = (value) => this.network.withParameter(index, value).loss(pictures, labels);
    const weights = Float64Array.from({ length: points }, (_, point) => weight + reach * ((2 * point) / (points - 1) - 1));
    return {
      weight,
      derivative: this.network.gradients(pictures, labels)[index],
      difference: (loss(weight + STEP) - loss(weight - STEP)) / (2 * STEP),
      weights,
      losses: weights.map(loss),
    };
  }

  ofBatch() {
    return this.at(this.batch);
  }

  at(positions) {
    const pictures = new Float64Array(positions.length * PIXELS);
    positions.forEach((position, n) => pictures.set(pictureAt(this.digits, position), n * PIXELS));
    return { pictures, labels: Uint8Array.from(positions, (position) => this.labels[position]) };
  }

  beginPass() {
    this.order = this.chance.order(this.train.length).map((place) => this.train[place]);
    this.next = 0;
  }

  misread(positions) {
    const { pictures, labels } = this.at(positions);
    const { logits } = this.network.activations(pictures);
    return positions.filter((_, n) => answerOf(logits.subarray(n * CLASSES, (n + 1) * CLASSES)) !== labels[n]);
  }

  check() {
    if (!Number.isInteger(this.batchSize) || this.batchSize < 1 || this.batchSize > this.train.length) {
      throw new RangeError(`batchSize=${this.batchSize} arrived; expected 1 to ${this.train.length} digits.`);
    }
    for (const [name, most] of [["learningRate", Infinity], ["noise", 1], ["momentum", 1]]) {
      const value = this[name];
      if (!(value >= 0 && value <= most && value < Infinity)) {
        throw new RangeError(`${name}=${value} arrived; expected a number from 0${most === 1 ? " to 1" : " on"}.`);
      }
    }
  }
}

// One digit's 64 pixels.
export const pictureAt = (digits, position) => digits.pictures.subarray(position * PIXELS, (position + 1) * PIXELS);

function noisy(labels, train, share, chance) {
  const spoiled = labels.slice();
  const first = chance.order(train.length).subarray(0, Math.floor(share * train.length + 0.5));
  for (const place of first) {
    spoiled[train[place]] = (spoiled[train[place]] + 1 + chance.below(CLASSES - 1)) % CLASSES;
  }
  return spoiled;
}

// ---- a drawing made as the digits were: cnnhub.handwriting.as_digit
const [INK, CELLS, WIDEST, ENOUGH, THICKENINGS] = [128, 32, 20, 260, 3];

// Brightness (height * width), 0 to 255, white strokes on black, of any size -> 64 pixels, 0 to 1; null where nothing is drawn.
export function asDigit(drawing, width, height) {
  if (drawing.length !== width * height) {
    throw new RangeError(`${drawing.length} values arrived; expected ${width} x ${height}.`);
  }
  const ink = [];
  for (let y = 0; y < height; y += 1) ink.push(Array.from({ length: width }, (_, x) => drawing[y * width + x] >= INK));
  const strokes = cropped(ink);
  if (!strokes) return null;
  const bitmap = centred(straightened(thickened(centred(fitted(strokes)))));
  const block = CELLS / SIDE;
  const counts = new Float64Array(PIXELS);
  bitmap.forEach((row, y) => row.forEach((cell, x) => {
    if (cell) counts[Math.floor(y / block) * SIDE + Math.floor(x / block)] += 1 / LEVELS;
  }));
  return counts;
}

// Bitmaps are lists of rows of booleans.
const empty = (rows, columns) => Array.from({ length: rows }, () => Array(columns).fill(false));

function cropped(ink) {
  const rows = ink.map((row) => row.includes(true));
  const [top, bottom] = [rows.indexOf(true), rows.lastIndexOf(true)];
  if (top < 0) return null;
  const inked = ink.slice(top, bottom + 1);
  const left = Math.min(...inked.map((row) => row.indexOf(true)).filter((column) => column >= 0));
  const right = Math.max(...inked.map((row) => row.lastIndexOf(true)));
  return inked.map((row) => row.slice(left, right + 1));
}

// 32 rows of as many columns as keep its shape, at most 20; a cell has ink where any of its pixels has.
function fitted(ink) {
  const [height, width] = [ink.length, ink[0].length];
  const columns = Math.max(1, Math.min(WIDEST, Math.floor((2 * CELLS * width + height) / (2 * height))));
  const across = cells(width, columns);
  return cells(height, CELLS).map(([top, bottom]) => {
    const rows = ink.slice(top, bottom);
    return across.map(([left, right]) => rows.some((row) => row.slice(left, right).includes(true)));
  });
}

// Which pixels lie, even in part, in each of so many equal cells.
function cells(pixels, count) {
  return Array.from({ length: count }, (_, i) => [Math.floor((i * pixels) / count), Math.ceil(((i + 1) * pixels) / count)]);
}

function thickened(bitmap) {
  let thick = bitmap;
  for (let i = 0; i < THICKENINGS; i += 1) {
    const before = thick;
    if (before.flat().filter(Boolean).length >= ENOUGH) break;
    thick = before.map((row, y) => row.map((cell, x) => (
      cell || row[x - 1] || row[x + 1] || before[y - 1]?.[x] || before[y + 1]?.[x] || false)));
  }
  return thick;
}

// Row by row shifted until the first ink of the top row and of the bottom row lie in one column.
function straightened(bitmap) {
  const rows = bitmap.length;
  const lean = bitmap[rows - 1].indexOf(true) - bitmap[0].indexOf(true);
  const room = Math.abs(lean);
  const wide = empty(rows, bitmap[0].length + 2 * room);
  bitmap.forEach((row, y) => {
    const shift = Math.floor((lean * (2 * y - rows + 1) + rows - 1) / (2 * (rows - 1)));
    row.forEach((cell, x) => { wide[y][room - shift + x] = cell; });
  });
  return cropped(wide);
}

// 32 columns; what is wider loses as much on both sides.
function centred(bitmap) {
  const over = Math.floor(Math.max(0, bitmap[0].length - CELLS) / 2);
  const kept = bitmap.map((row) => row.slice(over, over + CELLS));
  const left = Math.floor((CELLS - kept[0].length) / 2);
  const square = empty(kept.length, CELLS);
  kept.forEach((row, y) => row.forEach((cell, x) => { square[y][left + x] = cell; }));
  return square;
}
