// A number's field that can be dragged: to the right and upwards is more. Arrow keys and the wheel do the same to the field that
// is being edited, ten times as much with Shift.

const PIXELS = 4; // of a drag for one step

// read() gives the field's number, or a text that is none; write(number) takes another; step() says what one step is.
export function draggable(input, { read, write, step }) {
  const change = (from, by) => { if (typeof from === "number") write(Number((from + by).toFixed(6))); };
  const isEdited = () => input === document.activeElement;
  const more = (event, steps) => {
    event.preventDefault();
    change(read(), steps * step() * (event.shiftKey ? 10 : 1));
  };
  listenToDrag(input, () => (isEdited() ? null : { from: read(), step: step() }), change);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp") more(event, 1);
    if (event.key === "ArrowDown") more(event, -1);
  });
  input.addEventListener("wheel", (event) => {
    if (isEdited() && event.deltaY) more(event, -Math.sign(event.deltaY)); // else the page is scrolled
  }, { passive: false });
}

// begin() gives a drag's first number and its step, or null where the field is being edited.
function listenToDrag(input, begin, change) {
  let drag = null;
  input.addEventListener("mousedown", (event) => { if (drag) event.preventDefault(); }); // no caret, no selection
  input.addEventListener("pointerdown", ({ button, clientX, clientY }) => {
    const begun = button === 0 ? begin() : null;
    drag = begun && { ...begun, x: clientX, y: clientY, steps: 0, isMoved: false };
  });
  input.addEventListener("pointermove", ({ clientX, clientY, pointerId }) => {
    if (!drag) return;
    const steps = Math.trunc((clientX - drag.x - (clientY - drag.y)) / PIXELS);
    if (steps === drag.steps) return;
    input.setPointerCapture(pointerId);
    Object.assign(drag, { steps, isMoved: true });
    change(drag.from, steps * drag.step);
  });
  input.addEventListener("pointerup", () => {
    if (drag && !drag.isMoved) { // a click: to be typed over
      input.focus();
      input.select();
    }
    drag = null;
  });
  input.addEventListener("pointercancel", () => { drag = null; }); // the finger scrolls the page
}
