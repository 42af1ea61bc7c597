// The laboratory's arithmetic by itself: `node --test tests/space/lab_math.test.mjs`. With CASES, the path of a file that
// tests/space/test_lab_math.py writes, also against cnnhub's own convolution.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as math from "../../space/demo/tabs/filter/lab_math.js";

const PLAIN = { stride: 1, padding: "valid", dilation: 1, border: "zero", flipped: false, divisor: 1, bias: 0 };
const COUNTING = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]; // so that a flip or a swap shows

// A grey photo of these rows: all three channels are the same, unless they are given.
function photoOf(rows, channels = [rows, rows, rows]) {
  const planes = new Uint8Array(channels.flat(2));
  return { width: rows[0].length, height: rows.length, planes, grey: math.greyOf(planes), means: {} };
}

const valueOf = (photo, settings, row = 0, column = 0) => math.strip(photo, { ...PLAIN, ...settings }, row, column, null);
const pixelsOf = (...given) => valueOf(...given).cells.map((cell) => cell.pixel);

test("brightness is Pillow's, with its rounding", () => {
  assert.deepEqual([...math.greyOf([255, 0, 0, 255, 10, 0, 255, 0, 255, 20, 0, 0, 255, 255, 30])], [76, 150, 29, 255, 18]);
});

test("packed planes come back, each row from its differences modulo 256", async () => {
  const planes = [[250, 3, 9], [0, 255, 0], [7, 7, 7]].flat();
  const differences = [[250, 9, 6], [0, 255, 1], [7, 0, 0]].flat();
  const squeezed = new Response(new Blob([new Uint8Array(differences)]).stream().pipeThrough(new CompressionStream("deflate")));
  const data = Buffer.from(await squeezed.arrayBuffer()).toString("base64");
  const photo = await math.unpacked({ id: "x", width: 3, height: 1, data });
  assert.deepEqual([...photo.planes], planes);
  assert.deepEqual([...photo.grey], [...math.greyOf(planes)]);
});

test("a part of a photo comes to its place, and what it is enough for is known", async () => {
  const squeezed = new Response(new Blob([new Uint8Array([5, 1, 9, 1, 7, 1])]).stream().pipeThrough(new CompressionStream("deflate")));
  const data = Buffer.from(await squeezed.arrayBuffer()).toString("base64");
  const photo = await math.unpacked({ id: "x", width: 4, height: 3, box: [1, 2, 3, 3], means: { null: 1.5 }, data });
  assert.deepEqual([...photo.planes.subarray(0, 12)], [0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 0]);
  assert.deepEqual([photo.isWhole, photo.means.null], [false, 1.5]);
  const known = (row, column, changes = {}, margin = 0) => (
    math.isKnown(photo, { ...PLAIN, weights: [[1]], ...changes }, row, column, margin));
  assert.deepEqual([known(2, 1), known(2, 2), known(2, 0), known(1, 1), known(2, 3), known(2, 1, {}, 1)],
    [true, true, false, false, false, false]);
  const isWhole = { ...photo, known: [0, 0, 4, 3], isWhole: true };
  assert.ok(math.isKnown(isWhole, { ...PLAIN, weights: COUNTING, padding: "same" }, 0, 0, 2));
  assert.ok(math.isKnown({ ...photo, known: [0, 0, 4, 3] }, { ...PLAIN, weights: COUNTING, padding: 2, border: "reflect" }, 0, 0));
});

test("a window multiplies in place, and turned for a true convolution", () => {
  const photo = photoOf([[0, 0, 0], [0, 0, 1], [0, 0, 0]]);
  assert.equal(valueOf(photo, { weights: COUNTING }).value, 6);
  assert.equal(valueOf(photo, { weights: COUNTING, flipped: true }).value, 4);
  assert.deepEqual(math.applied({ weights: COUNTING, flipped: true }), [[9, 8, 7], [6, 5, 4], [3, 2, 1]]);
  assert.deepEqual(COUNTING[0], [1, 2, 3], "the visitor's own weights were turned");
});

test("how far a kernel reaches, and how much padding keeps the size", () => {
  const sizes = [3, 5, 7].flatMap((size) => [1, 2, 3].map((dilation) => ({ weights: Array(size).fill([]), dilation, padding: "same" })));
  assert.deepEqual(sizes.map(math.reach), [3, 5, 7, 5, 9, 13, 7, 13, 19]);
  assert.deepEqual(sizes.map(math.padding), [1, 2, 3, 2, 4, 6, 3, 6, 9]);
  assert.deepEqual(["valid", "3", 0].map((padding) => math.padding({ padding })), [0, 3, 0]);
});

test("what stands outside of the photo, by the border", () => {
  const photo = photoOf([[10, 20, 30], [40, 50, 60], [70, 80, 90]]);
  const corner = (border) => pixelsOf(photo, { weights: COUNTING, padding: "same", border });
  assert.deepEqual(corner("zero"), [0, 0, 0, 0, 10, 20, 0, 40, 50]);
  assert.deepEqual(corner("reflect"), [50, 40, 50, 20, 10, 20, 50, 40, 50]);
  assert.deepEqual(corner("replicate"), [10, 10, 20, 10, 10, 20, 40, 40, 50]);
  assert.deepEqual(corner("mean"), [50, 50, 50, 50, 10, 20, 50, 40, 50]);
  const last = (border) => pixelsOf(photo, { weights: COUNTING, padding: "same", border }, 2, 2);
  assert.deepEqual(last("reflect"), [50, 60, 50, 80, 90, 80, 50, 60, 50]);
  assert.deepEqual(last("replicate"), [50, 60, 60, 80, 90, 90, 80, 90, 90]);
});

test("stride moves the window, dilation opens it", () => {
  const photo = photoOf(Array.from({ length: 7 }, (_, row) => Array.from({ length: 7 }, (_column, column) => 10 * row + column)));
  const found = valueOf(photo, { weights: COUNTING, stride: 2, dilation: 2 }, 1, 1);
  assert.deepEqual([found.top, found.left], [2, 2]);
  assert.deepEqual(found.cells.map((cell) => cell.pixel), [22, 24, 26, 42, 44, 46, 62, 64, 66]);
  assert.equal(valueOf(photo, { weights: COUNTING, stride: 2, padding: "1" }, 2, 0).top, 3);
});

test("a sum is divided, and then the bias is added", () => {
  const found = valueOf(photoOf([[10, 20, 30], [40, 50, 60], [70, 80, 90]]), { weights: COUNTING, divisor: 4, bias: -7.5 });
  assert.equal(found.sum, 2850);
  assert.equal(found.value, 705);
  assert.deepEqual(found.cells.map((cell) => cell.product), [10, 40, 90, 160, 250, 360, 490, 640, 810]);
});

test("each channel has its own window and its own mean", () => {
  const [red, green, blue] = [[[1, 3]], [[10, 30]], [[100, 200]]];
  const photo = photoOf(red, [red, green, blue]);
  const settings = { ...PLAIN, weights: [[1]], padding: "1", border: "mean" };
  const corner = (channel) => math.strip(photo, settings, 0, 0, channel).value;
  assert.deepEqual([0, 1, 2].map(corner), [2, 20, 150]);
  assert.deepEqual([0, 1, 2].map((channel) => math.strip(photo, settings, 1, 2, channel).value), [3, 30, 200]);
});

test("colours end at 0 and 255, and halves go to the even number", () => {
  const rounded = [[-3, 0], [0.5, 0], [1.5, 2], [2.5, 2], [2.51, 3], [254.5, 254], [255.5, 255], [1e9, 255]];
  for (const [value, expected] of rounded) assert.equal(math.cut(value), expected, `${value}`);
});

test("numbers are written as people write them", () => {
  const written = [[-504, "−504"], [0.1 + 0.2, "0.3"], [1 / 3, "0.333"], [-1e-5, "−0.000010"], [12345678.9, "1.234568e+7"],
    [2e7, "20000000"], [0, "0"]];
  for (const [number, expected] of written) assert.equal(math.say(number), expected);
  assert.deepEqual(["12412.5", "−504", "1234567"].map(math.grouped), ["12,412.5", "−504", "1,234,567"]);
});

test("what a visitor types is a number, or stays for Python to refuse", () => {
  const typed = [["3", 3], [" −2,5 ", -2.5], ["1e3", 1000], ["abc", "abc"], ["", "?"], ["1/0", "1/0"], ["Infinity", "Infinity"]];
  for (const [text, expected] of typed) assert.equal(math.numberOf(text), expected, text);
});

test("another size keeps the kernel in the middle", () => {
  const larger = math.resized(COUNTING, 5);
  assert.deepEqual(larger, [[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 7, 8, 9, 0], [0, 0, 0, 0, 0]]);
  assert.deepEqual(math.resized(larger, 3), COUNTING);
});

test("every value of cnnhub's maps", { skip: process.env.CASES ? false : "no CASES" }, () => {
  const { photo, cases } = JSON.parse(readFileSync(process.env.CASES, "utf-8"));
  const planes = new Uint8Array(photo.planes);
  const made = { ...photo, planes, grey: math.greyOf(planes), means: {} };
  assert.deepEqual([...made.grey], photo.grey);
  assert.ok(cases.length >= 100, `${cases.length} cases`);
  for (const { settings, channel, map } of cases) {
    const side = (whole) => Math.floor((whole + 2 * math.padding(settings) - math.reach(settings)) / settings.stride) + 1;
    assert.deepEqual([map.length, map[0].length], [side(photo.height), side(photo.width)], JSON.stringify(settings));
    map.forEach((values, row) => values.forEach((expected, column) => {
      const { value } = math.strip(made, settings, row, column, channel);
      assert.ok(Math.abs(value - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
        `${value} is not ${expected} at ${row}, ${column} with ${JSON.stringify(settings)}`);
    }));
  }
});
