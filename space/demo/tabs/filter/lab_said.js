// What is said of a map that the browser made, from its numbers alone: the sentences that answer.py makes of the server's.

import { presetName } from "./lab_link.js";
import { applied, nature, padding } from "./lab_math.js";
import { sizeOf } from "./response.js";
import { percent, translator, written } from "./said.js";

// -> { heading, line, notes, formula, steps, problem } in the language that is chosen.
export function saidOf(lab, made) {
  const t = translator(lab.words, lab.props.language);
  return {
    heading: t(`nature_${natureOf(made.settings).kind}`, { name: kernelName(lab, made.settings) }),
    line: [coloursLine(t, made), ...measuredLines(t, made)].filter(Boolean).join(t.isChinese ? "" : " "),
    notes: notesOf(t, made),
    formula: formulaOf(t, lab.photo, made.settings),
    steps: made.steps.map((step, place) => sizeLine(t, made.settings.steps[place], step)),
    problem: made.failed === null ? null : problemSaid(lab, { place: "steps", key: "error_steps", number: made.failed + 2 }),
  };
}

export function problemSaid(lab, { place, key, ...values }) {
  const t = translator(lab.words, lab.props.language);
  return { place, html: `<div class="sentence" role="alert"><h2>${t(key, values)}</h2><p>${t(`${key}_more`)}</p></div>` };
}

function kernelName(lab, settings) {
  const name = presetName(lab.offered, settings);
  return name ? lab.words[`kernel_${name}`] : lab.words.own_kernel;
}

const natureOf = (settings) => nature(applied(settings), settings.divisor);

// ---- the line under the heading
function coloursLine(t, { kind, below, above, settings }) {
  if (kind === "grey" || kind === "colour") return below || above ? t(kind === "grey" ? "cut_line" : "cut_line_colour") : "";
  if (kind !== "signed") return "";
  return (settings.bias ? "" : signLine(t, natureOf(settings))) || t("sign_plain");
}

// What red and blue mean, going by where the kernel's positive weights lie.
function signLine(t, { kind, towardsX, towardsY, centre }) {
  if (kind === "vertical_edges") return t("sign_x", { side: t(towardsX > 0 ? "right" : "left") });
  if (kind === "horizontal_edges") return t("sign_y", { direction: t(towardsY > 0 ? "downwards" : "upwards") });
  if (kind === "diagonal_edges") {
    return t("sign_xy", { direction: t(`${towardsY > 0 ? "lower" : "upper"} ${towardsX > 0 ? "right" : "left"}`) });
  }
  if (kind !== "details") return "";
  const words = centre > 0 ? ["brighter", "darker"] : ["darker", "brighter"];
  return t("sign_centre", { brighter: t(words[0]), darker: t(words[1]) });
}

function measuredLines(t, { strongest, flat, border, settings }) {
  const placed = ({ value, row, column }) => ({ value: written(value), row: row + 1, column: column + 1 });
  const channel = settings.colour ? t(`channel_${settings.channel}`) : "";
  const first = strongest
    ? t(channel ? "strongest_channel" : "strongest", { ...placed(strongest), channel }) : t("flat", { value: written(flat) });
  return border ? [first, t("strongest_border", placed(border))] : [first];
}

function notesOf(t, { kind, below, above, settings }) {
  if (kind === "grey" || kind === "colour") {
    return below || above ? t("note_cut", { below: percent(below), above: percent(above) }) : "";
  }
  const notes = below + above > 0 ? [t("legend_clipped", { share: percent(below + above) })] : [];
  if (settings.colour) notes.push(t("note_channel", { channel: t(`channel_${settings.channel}`) }));
  return notes.join(" · ");
}

// ---- sizes
function formulaOf(t, photo, settings) {
  const { dilation, stride } = settings;
  const general = dilation === 1 ? "(W − F + 2P) / S + 1" : "floor((W + 2P − D(F − 1) − 1) / S) + 1";
  const filled = (side, word) => `${sizeFormula(side, settings).replace(/ = (\d+)$/, " = <b>$1</b>")} ${t(word)}`;
  const lines = [`${t("size_formula")} ${general}`, filled(photo.width, "wide"), filled(photo.height, "high")];
  if (settings.padding === "same") lines.push(sameLine(t, photo, settings, stride));
  if (photo.isScaledDown) lines.push(t("too_large", { width: photo.width, height: photo.height }));
  return lines.map((line) => `<p>${line}</p>`).join("");
}

function sizeFormula(side, settings) {
  const { stride, dilation, weights } = settings;
  const [amount, window] = [padding(settings), weights.length];
  const short = `(${side} − ${window} + 2·${amount}) / ${stride}`;
  const isWhole = (side - window + 2 * amount) % stride === 0;
  const filled = dilation > 1
    ? `floor((${side} + 2·${amount} − ${dilation}·(${window} − 1) − 1) / ${stride})` : isWhole ? short : `floor(${short})`;
  return `${filled} + 1 = ${sizeOf(side, settings)}`;
}

// How TensorFlow's and PyTorch's "same" would pad this photo with this kernel.
function sameLine(t, { width, height }, settings, stride) {
  const amount = padding(settings);
  const [[left, right], [above, below]] = [width, height].map((side) => tensorflowSame(side, settings));
  if ([left, right, above, below].some((one) => one !== amount)) return t("same_differ", { left, right, above, below, amount });
  return stride === 1 ? t("same_agree", { amount }) : t("same_strided", { amount, stride });
}

function tensorflowSame(side, { weights, stride, dilation }) {
  const amount = Math.max(0, (Math.ceil(side / stride) - 1) * stride + dilation * (weights.length - 1) + 1 - side);
  return [Math.floor(amount / 2), amount - Math.floor(amount / 2)];
}

function sizeLine(t, step, { width, height, before }) {
  if (step.kind === "relu") return t("relu_size", { width, height });
  const of = step.kind === "pool"
    ? { ...step, weights: Array(step.window).fill([]), dilation: 1, padding: "valid" } : { ...step, dilation: 1, padding: "same" };
  return `${sizeFormula(before.width, of)} ${t("wide")}; ${sizeFormula(before.height, of)} ${t("high")}`;
}
