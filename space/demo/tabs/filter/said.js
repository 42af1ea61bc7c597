// Words and numbers as texts/__init__.py writes them.

import { fill, withMinus } from "../../page/common.js";

// t(key, values) of a table of templates. In Chinese, Latin letters and digits stand apart.
export function translator(words, language) {
  const isChinese = language.startsWith("zh");
  const t = (key, values = {}) => (isChinese ? spaced(fill(words[key], values)) : fill(words[key], values));
  return Object.assign(t, { isChinese });
}

const spaced = (text) => text.replace(/([\u4e00-\u9fff])([A-Za-z0-9])/g, "$1 $2").replace(/([A-Za-z0-9])([\u4e00-\u9fff])/g, "$1 $2");

// ---- numbers: halves to the even digit, a true minus
const rounding = (digits) => new Intl.NumberFormat("en", { roundingMode: "halfEven", ...digits });
const [FOUR, NONE, ONE] = [
  { maximumSignificantDigits: 4 }, { maximumFractionDigits: 0 }, { maximumFractionDigits: 1, minimumFractionDigits: 1 },
].map(rounding);

// Four significant digits.
export function written(value) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 9999) return withMinus(NONE.format(value));
  if (Math.abs(value) >= 1e-4) return withMinus(FOUR.format(value));
  const [digits, power] = value.toExponential(3).split("e-");
  return `${Number(digits)}e-${power.padStart(2, "0")}`.replaceAll("-", "\u2212");
}

// A share of 1; never 100 % or 0 % of what is not exactly so.
export function percent(share) {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share > 0.9994) return "> 99.9 %";
  if (share < 0.0006) return "< 0.1 %";
  return `${(share >= 0.01 && share <= 0.99 ? NONE : ONE).format(100 * share)} %`;
}
