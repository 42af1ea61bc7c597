// The arithmetic of the network that is trained live, by itself: `node --test tests/space/live_math.test.mjs`. With CASES, the
// path of a file that tests/space/test_live_math.py writes, also against cnnhub.live and cnnhub.handwriting.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as math from "../../space/demo/tabs/tour/live_math.js";

const FILE = readFileSync(new URL("../../cnnhub/data/digits.zz", import.meta.url));
const digits = await math.digitsOf(FILE);
const cases = process.env.CASES ? JSON.parse(readFileSync(process.env.CASES, "utf-8")) : null;
const NEAR = 1e-5;

function near(found, expected, what) {
  assert.equal(found.length, expected.length, what);
  const furthest = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  assert.ok(furthest <= NEAR, `${what}: ${furthest} apart`);
}

test("the digits are read from bytes, a buffer and base64", async () => {
  assert.deepEqual([digits.pictures.length, digits.labels.length], [1797 * 64, 1797]);
  assert.deepEqual([...digits.labels.subarray(0, 10)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const buffer = FILE.buffer.slice(FILE.byteOffset, FILE.byteOffset + FILE.byteLength);
  for (const file of [buffer, FILE.toString("base64")]) assert.deepEqual(await math.digitsOf(file), digits);
  assert.deepEqual([...math.pictureAt(digits, 0).subarray(0, 8)], [0, 0, 5, 13, 9, 1, 0, 0].map((value) => value / 16));
});

test("chance is mulberry32", () => {
  const chance = new math.Chance(7);
  assert.deepEqual([chance.uniform(), chance.uniform(), chance.uniform()],
    [0.011704753153026104, 0.06195825757458806, 0.97690763277933]);
  for (const seed of [-1, 2 ** 32, 0.5, "1"]) assert.throws(() => new math.Chance(seed), /expected a whole number from 0/);
});

test("parts are views of every parameter", () => {
  const network = new math.LiveNetwork(1);
  const sizes = Object.values(network.parts).map((part) => part.length);
  assert.deepEqual(sizes, [72, 8, 720, 10]);
  network.parts.weights[719] = 7;
  assert.equal(network.parameters[799], 7);
  const other = network.withParameter(799, 1);
  assert.deepEqual([other.parts.weights[719], network.parameters[799]], [1, 7]);
});

test("gradients are the slopes of the loss", () => {
  const training = new math.Training(digits, { seed: 3 });
  for (let i = 0; i < 20; i += 1) training.step();
  for (let index = 0; index < math.PARAMETERS; index += 37) {
    const slope = training.slope(index);
    assert.ok(Math.abs(slope.derivative - slope.difference) < 1e-7, `${index}: ${slope.derivative}, ${slope.difference}`);
    assert.equal(training.network.parameters[index], slope.weight, "it is left as it was");
  }
});

test("two hundred steps read nine of ten", () => {
  const training = new math.Training(digits, { seed: 1 });
  for (let i = 0; i < 200; i += 1) training.step();
  assert.ok(training.accuracy() > 0.9 && training.accuracy(false) > 0.9);
  const wrong = [...training.wrong()];
  assert.ok(wrong.length > 0 && wrong.every((position) => training.heldOut.includes(position)));
  const right = training.heldOut.find((position) => !wrong.includes(position));
  assert.equal(math.answerOf(training.network.forward(math.pictureAt(digits, right))), digits.labels[right]);
});

test("settings that mean nothing are refused, by name", () => {
  const refused = [["learningRate", -1], ["learningRate", NaN], ["noise", 1.5], ["momentum", 2], ["batchSize", 0],
    ["batchSize", 1349], ["batchSize", 2.5]];
  for (const [name, value] of refused) {
    assert.throws(() => new math.Training(digits, { [name]: value }), new RegExp(`${name}=${value} arrived; expected`));
  }
  assert.throws(() => new math.Training(digits).slope(810), /index=810 arrived/);
  assert.throws(() => new math.LiveNetwork().forward(new Float64Array(65)), /65 values arrived/);
  assert.throws(() => math.asDigit([0, 0], 3, 1), /2 values arrived; expected 3 x 1/);
});

test("nothing drawn is nothing", () => {
  assert.equal(math.asDigit(new Uint8Array(280 * 280), 280, 280), null);
  assert.equal(math.asDigit([], 0, 0), null);
});

test("every loss and weight of cnnhub.live", { skip: cases ? false : "no CASES" }, () => {
  assert.ok(cases.trainings.length >= 8, `${cases.trainings.length} trainings`);
  for (const expected of cases.trainings) {
    const what = JSON.stringify(expected.settings);
    const training = new math.Training(digits, expected.settings);
    assert.deepEqual([...training.labels], expected.labels, what);
    near(training.network.parameters, expected.begun, `${what}, weights at first`);
    const losses = expected.losses.map((_, step) => {
      if (step === expected.changed.at) Object.assign(training, expected.changed.settings);
      return training.step();
    });
    near(losses, expected.losses, `${what}, losses`);
    near(training.network.parameters, expected.parameters, `${what}, weights`);
    assert.deepEqual([...training.batch], expected.batch, what);
    assert.deepEqual([...training.wrong()], expected.wrong, what);
    near([training.accuracy(), training.accuracy(false), training.epoch], expected.figures, what);
    const slope = training.slope(expected.index, 0.4, 9);
    near([slope.weight, slope.derivative, slope.difference], expected.slope, `${what}, slope`);
    near(slope.losses, expected.curve, `${what}, curve`);
    near(slope.weights, expected.along, `${what}, along`);
    const seen = training.network.activations(math.pictureAt(digits, 5));
    for (const layer of ["maps", "pooled", "logits", "probabilities"]) near(seen[layer], expected.seen[layer], `${what}, ${layer}`);
  }
});

test("every drawing of cnnhub.handwriting", { skip: cases ? false : "no CASES" }, () => {
  assert.ok(cases.drawings.length >= 50, `${cases.drawings.length} drawings`);
  for (const { width, height, values, digit } of cases.drawings) {
    const made = math.asDigit(Uint8Array.from(values), width, height);
    if (digit === null) assert.equal(made, null);
    else near(made, digit, `${width} x ${height}`);
  }
});
