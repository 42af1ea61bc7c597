// What the fold on pooling says of what the browser measured: the sentences that pooling.py makes of what the server did.

import { percent, translator, written } from "./said.js";

const CLEARLY_LESS = 0.75; // of the pixels' change: from there on pooling is said to help

// -> as pooling.py shows it, but for the network's answer; pictures as pixels.
export function shownOf({ labels, language }, { settings, figures, changes, isScaledDown }) {
  const t = translator(labels, language);
  if (!figures) return { role: "alert", heading: t("error_geometry"), line: t("error_geometry_more"), notes: [], figures: [] };
  const { width, height } = figures.pixels;
  const share = ({ width: wide, height: high }) => percent((wide * high) / (width * height));
  const sizes = { width, height, pooled_width: figures.max.width, pooled_height: figures.max.height };
  const notes = [t("pooling_measure"), t("pooling_drawn", { white: 255 * settings.window })];
  if (isScaledDown) notes.push(t("too_large", { width, height }));
  const largest = Math.max(...Object.values(changes)) || 1;
  return {
    role: "status", heading: verdict(t, settings, changes),
    line: t("pooling_kept", { share: share(figures.max), ...settings, ...sizes }),
    notes,
    figures: Object.entries(figures).map(([name, picture]) => ({
      name: t(name === "pixels" ? "pooling_moved" : `pooling_${name}`),
      size: [`${picture.width} × ${picture.height}`, ...(name === "pixels" ? [] : [share(picture)])],
      picture, ratio: width / height, changed: t("pooling_changed", { share: changeText(changes[name]) }), bar: changes[name] / largest,
    })),
  };
}

function verdict(t, settings, { pixels, max }) {
  const { shift_x: right, shift_y: down, angle, scale } = settings;
  if (!right && !down && !angle && scale === 1) return t("pooling_still");
  const move = moveText(t, Math.hypot(right, down), angle, scale);
  if (pixels === 0) return t("pooling_nothing", { move });
  const key = max < CLEARLY_LESS * pixels ? "pooling_less" : max <= pixels ? "pooling_about" : "pooling_more";
  return t(key, { move, pixels: changeText(pixels), pooled: changeText(max) });
}

function moveText(t, distance, angle, scale) {
  if (Number(distance !== 0) + Number(angle !== 0) + Number(scale !== 1) > 1) return t("pooling_by_several");
  if (distance === 1) return t("pooling_by_one");
  if (distance) return t("pooling_by_shift", { distance: written(Math.round(10 * distance) / 10) });
  if (angle) return t("pooling_by_turn", { angle: written(Math.abs(angle)) });
  return t("pooling_by_scaling", { scale: written(Math.round(1e6 * scale) / 1e4) });
}

// In percent; small ones are compared, so they have a decimal, and it can be more than 100 %.
function changeText(change) {
  if (change >= 0.0006 && change < 0.1) return `${(100 * change).toFixed(1)} %`;
  return change <= 1 ? percent(change) : `${Math.round(100 * change).toLocaleString("en")} %`;
}
