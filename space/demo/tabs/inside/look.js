// What is looked at in this tab: layer, order, scale, page, channel and spots. The gallery says what the server shows; a choice of the
// visitor's is written to the address, and told to whoever follows.

import { query, set } from "../../page/address.js";

const unusual = (value, usual) => (value === usual ? null : value); // what an address need not say
const orderOf = ({ order, spot }) => unusual(order, spot ? "spot" : "varied");
let look = {};
let shown = null; // the gallery's value: its tiles, words and legend
let pinned = null; // the last change of the spots, while the server has not answered it
const followers = new Set();

export const now = () => look;
export const gallery = () => shown;
// Whether an answer to other spots than these is still to come: what arrives meanwhile tells of earlier ones.
export const isPinning = () => pinned !== null;
// follower() is called when another gallery or another channel is shown.
export const follow = (follower) => followers.add(follower);

// The server shows this gallery now, or none.
export function arrived(value) {
  const isSameLayer = shown && value && value.network === shown.network && value.look.layer === look.layer;
  // what the pins of one photo led to is looked for in the next
  if (isSameLayer && value.photo !== shown.photo && look.spot && !value.look.spot) set({ layer: look.layer, channel: look.channel });
  shown = value;
  look = value ? { ...value.look, channel: chosen(value) } : {};
  if (!value || value.asked_spot === pinned?.spot) pinned = null;
  if (value && !isPinning() && (query().get("spot") ?? "") !== look.spot) set({ spot: look.spot, order: orderOf(look) }); // of another photo, or unseen
  tell();
}

// Another channel of the layer.
export function choose(channel) {
  if (channel === look.channel) return;
  look = { ...look, channel };
  set({ layer: look.layer, channel });
  tell();
}

// A look with these changes, for the server to show; the address says so already.
export function changed(changes) {
  if ("spot" in changes) pinned = { spot: changes.spot, of: changes.of, order: changes.order };
  const asked = { ...look, ...pinned, ...changes };
  const { layer, scale, page, channel, spot } = asked;
  look = { ...look, page }; // a click that comes before the answer turns the next page
  set({ layer, channel, order: orderOf(asked), scale: unusual(scale, "layer"), sheet: page, spot }); // "page" is gradio's own
  return asked;
}

// Another layer, from its first page on.
export const atLayer = (layer) => changed({ layer, page: null, channel: null });

// Back, to another channel of the layer that is shown: the server then answers what it answered before, which changes nothing here.
window.addEventListener("popstate", () => {
  pinned = null;
  const asked = query();
  if (!shown || (asked.has("layer") && asked.get("layer") !== look.layer)) return;
  look = { ...look, channel: chosen(shown) };
  tell();
});

// The channel that the address names stays, for another photo too; otherwise the server's.
function chosen({ count, look: { layer, channel } }) {
  const asked = query();
  const named = asked.get("layer") === layer && asked.has("channel") ? Number(asked.get("channel")) : NaN;
  return Number.isInteger(named) && named >= 0 && named < count ? named : channel;
}

const tell = () => followers.forEach((follower) => follower());
