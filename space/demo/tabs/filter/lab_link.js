// Settings as an address has them, and whether two are the same.

// The preset that these numbers are, or "".
export function presetName({ presets }, { kernel, weights, divisor }) {
  const numbers = JSON.stringify([weights, divisor]);
  const same = presets.filter((preset) => JSON.stringify([preset.weights, preset.divisor]) === numbers).map(({ name }) => name);
  return same.includes(kernel) ? kernel : same[0] ?? "";
}

// Settings that make the same map have the same text, whatever the kernel is called and wherever is pointed.
export function signature({ weights, divisor, bias, stride, dilation, padding, border, flipped, colour, drawn, channel, steps }) {
  const followed = steps.map(({ kind, name, window, stride: step }) => [kind, name, window, step]);
  return JSON.stringify([weights, divisor, bias, stride, dilation, String(padding), border, flipped, colour, drawn, channel, followed]);
}

// The query parameters that settings.py's from_link reads back; null where a setting is the first one.
export function linkOf(offered, settings) {
  const { first } = offered;
  const name = presetName(offered, settings);
  const link = {
    kernel: name && name !== first.kernel ? name : null,
    weights: name ? null : settings.weights.map((row) => row.join(",")).join(";"),
    divisor: name || settings.divisor === 1 ? null : settings.divisor,
    bias: settings.bias || null,
  };
  for (const key of ["stride", "dilation", "padding", "border", "drawn"]) link[key] = settings[key] === first[key] ? null : settings[key];
  return {
    ...link,
    colour: settings.colour ? "rgb" : null,
    operation: settings.flipped ? "convolution" : null,
    plane: settings.channel ? "rgb"[settings.channel] : null,
    steps: settings.steps.map(stepText).join(";") || null,
  };
}

function stepText({ kind, name, window, stride }) {
  if (kind === "relu") return "relu";
  return kind === "pool" ? `${name}-${window}-${stride}` : `${name}-${stride}`;
}
