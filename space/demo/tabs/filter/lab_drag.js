// A number's field that can be dragged: to the right and upwards is more. Arrow keys and the wheel do the same to the field that
// is being edited, ten times as much with Shift.

const PIXELS = 4; // of a drag for one step; as many make it one

// read() gives the field's number, or a text that is none; write(number) takes another; step() says what one step is.
export function draggable(input, { read, write, step }) {
  const change = (from, steps) => {
    if (typeof from === "number") write(Number((from + steps * step()).toFixed(6)));
  };
  const listen = (name, act) => input.addEventListener(name, act);
  let drag = null;
  listen("mousedown", (event) => { if (input !== document.activeElement) event.preventDefault(); }); // no caret, no selection
  listen("pointerdown", ({ clientX, clientY, pointerId }) => {
    if (input !== document.activeElement) drag = { x: clientX, y: clientY, from: read(), step: step(), pointerId, steps: 0, isMoved: false };
  });
  listen("pointermove", ({ clientX, clientY, pointerId }) => {
    if (drag?.pointerId !== pointerId) return;
    const steps = Math.trunc((clientX - drag.x - (clientY - drag.y)) / PIXELS);
    if (steps === drag.steps) return;
    if (!drag.isMoved) input.setPointerCapture(pointerId);
    Object.assign(drag, { steps, isMoved: true });
    if (typeof drag.from === "number") write(Number((drag.from + steps * drag.step).toFixed(6)));
  });
  listen("pointerup", () => {
    if (drag && !drag.isMoved) { // a click: to be typed over
      input.focus();
      input.select();
    }
    drag = null;
  });
  listen("pointercancel", () => { drag = null; }); // the finger scrolls the page
  listen("keydown", (event) => {
    const steps = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    change(read(), event.shiftKey ? 10 * steps : steps);
  });
  input.addEventListener("wheel", (event) => {
    if (input !== document.activeElement || !event.deltaY) return; // else the page is scrolled
    event.preventDefault();
    change(read(), -Math.sign(event.deltaY) * (event.shiftKey ? 10 : 1));
  }, { passive: false });
}
