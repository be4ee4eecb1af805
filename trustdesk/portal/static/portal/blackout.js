// <black-out>: shows a picture, lets one cover parts of it, and hands out a new picture in which they are black.
// The rectangles are painted into the pixels here; the picture they cover never leaves the browser.

import { text } from "../widget/texts.js";

const MOST_PIXELS = 16e6; // more than that the browsers of some phones do not draw
const MOST_BYTES = 25 * 1024 * 1024;
const LEAST = 4; // pixels of the picture: less is a slip of the hand
const GRIP = 22; // px on the screen around the corner that changes the size
const TALL = 2.2; // from this ratio on a picture is fitted to the width and scrolled

class BlackOut extends HTMLElement {
  connectedCallback() {
    this.parts = Object.fromEntries([...this.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
    this.canvas = this.parts.canvas;
    this.dialog = this.closest("dialog");
    this.pointers = new Map();
    this.addEventListener("click", (event) => this[DOES[event.target.closest("[data-do]")?.dataset.do]]?.());
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.leave();
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, (event) => this.up(event, name));
  }

  /** Ask what to cover. Resolves to the file to send, to null if it is not to be sent, to undefined if it is no picture we can show. */
  async open(file, { number = 1, count = 1 } = {}) {
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      return undefined;
    }
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (picture.width * picture.height)));
    Object.assign(this, { file, picture, rects: [], past: [], chosen: -1, drag: null });
    this.canvas.width = Math.max(1, Math.round(picture.width * scale));
    this.canvas.height = Math.max(1, Math.round(picture.height * scale));
    this.parts.count.textContent = count > 1 ? text("rect.count", { number, count }) : "";
    this.parts.said.textContent = "";
    this.dialog.showModal();
    this.fit();
    this.draw();
    this.canvas.focus({ focusVisible: false });
    return new Promise((resolve) => (this.settle = resolve));
  }

  async done() {
    const made = this.rects.length ? await this.burn() : this.file;
    this.finish(made);
  }

  leave() {
    this.finish(null);
  }

  finish(result) {
    this.dialog.close();
    this.picture.close();
    this.settle(result);
  }

  /** The picture with the rectangles in its pixels, as a new file. */
  async burn() {
    const copy = document.createElement("canvas");
    copy.width = this.canvas.width;
    copy.height = this.canvas.height;
    this.paint(copy.getContext("2d"));
    const jpeg = this.file.type === "image/jpeg";
    const encode = (type) => new Promise((resolve) => copy.toBlob(resolve, type, 0.92));
    let blob = await encode(jpeg ? "image/jpeg" : "image/png");
    if (!jpeg && blob.size > MOST_BYTES) blob = await encode("image/jpeg");
    const stem = (this.file.name || "picture").replace(/\.[^.]*$/, "");
    return new File([blob], `${stem}.${blob.type === "image/png" ? "png" : "jpg"}`, { type: blob.type });
  }

  paint(context) {
    context.drawImage(this.picture, 0, 0, this.canvas.width, this.canvas.height);
    context.fillStyle = "#000";
    // Outwards to whole pixels: a half-covered one would still tell.
    for (const { x, y, w, h } of this.rects) {
      const [left, top] = [Math.floor(x), Math.floor(y)];
      context.fillRect(left, top, Math.ceil(x + w) - left, Math.ceil(y + h) - top);
    }
  }

  draw() {
    const context = this.canvas.getContext("2d");
    this.paint(context);
    const one = this.rects[this.chosen];
    for (const button of this.querySelectorAll("[data-do]")) {
      if (button.dataset.do === "remove") button.disabled = !one;
      if (button.dataset.do === "undo") button.disabled = !this.past.length;
    }
    if (!one) return;
    const unit = this.unit();
    context.lineWidth = 2 * unit;
    context.setLineDash([6 * unit, 4 * unit]);
    context.strokeStyle = "#fff";
    context.strokeRect(one.x, one.y, one.w, one.h);
    context.setLineDash([]);
    context.fillStyle = "#fff";
    context.beginPath();
    context.arc(one.x + one.w, one.y + one.h, 6 * unit, 0, 7);
    context.fill();
    context.strokeStyle = "#000";
    context.stroke();
  }

  /** Pixels of the picture for one on the screen. */
  unit() {
    return this.canvas.width / (this.canvas.getBoundingClientRect().width || this.canvas.width);
  }

  fit() {
    const { clientWidth, clientHeight } = this.parts.view;
    const { width, height } = this.canvas;
    const across = clientWidth / width;
    this.show(Math.min(2, height / width > TALL ? across : Math.min(across, clientHeight / height)));
  }

  show(zoom) {
    this.zoom = zoom;
    this.canvas.style.inlineSize = `${Math.round(this.canvas.width * zoom)}px`;
  }

  larger() {
    this.show(Math.min(8, this.zoom * 1.4));
    this.draw();
  }

  smaller() {
    this.show(Math.max(0.02, this.zoom / 1.4));
    this.draw();
  }

  remember() {
    this.past.push(this.rects.map((one) => ({ ...one })));
  }

  undo() {
    if (!this.past.length) return;
    this.rects = this.past.pop();
    this.chosen = this.rects.length - 1;
    this.parts.said.textContent = text("rect.undone");
    this.draw();
  }

  add() {
    const { width, height } = this.canvas;
    const view = this.parts.view;
    const unit = this.unit();
    this.remember();
    const w = Math.min(width, Math.max(LEAST, Math.round(width / 3)));
    const h = Math.min(height, Math.max(LEAST, Math.round(w / 6)));
    const x = Math.min(width - w, Math.max(0, (view.scrollLeft + view.clientWidth / 2) * unit - w / 2));
    const y = Math.min(height - h, Math.max(0, (view.scrollTop + view.clientHeight / 2) * unit - h / 2));
    this.chosen = this.rects.push({ x: Math.min(x, width - w), y: Math.min(y, height - h), w, h }) - 1;
    this.parts.said.textContent = text("rect.added", { number: this.rects.length });
    this.draw();
    this.canvas.focus();
  }

  remove() {
    if (this.chosen < 0) return;
    this.remember();
    this.rects.splice(this.chosen, 1);
    this.chosen = this.rects.length - 1;
    this.parts.said.textContent = text("rect.removed");
    this.draw();
  }

  tell() {
    const one = this.rects[this.chosen];
    const part = (value, whole) => Math.round((100 * value) / whole);
    const { width, height } = this.canvas;
    this.parts.said.textContent = text("rect.at", {
      number: this.chosen + 1,
      left: part(one.x, width),
      top: part(one.y, height),
      width: part(one.w, width),
      height: part(one.h, height),
    });
  }

  key(event) {
    const step = ARROWS[event.key];
    const command = event.ctrlKey || event.metaKey;
    if (step && this.chosen >= 0) this.nudge(step, event.shiftKey, event.altKey);
    else if (event.key === "Enter" || event.key === " ") this.add();
    else if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else if (command && event.key.toLowerCase() === "z") this.undo();
    else if ((event.key === "PageDown" || event.key === "PageUp") && this.rects.length) this.next(event.key === "PageDown" ? 1 : -1);
    else return;
    event.preventDefault();
  }

  next(step) {
    const count = this.rects.length;
    this.chosen = (this.chosen + step + count) % count;
    this.tell();
    this.draw();
  }

  nudge([x, y], sizes, finely) {
    const one = this.rects[this.chosen];
    const far = finely ? 1 : Math.max(1, Math.round(this.canvas.width / 50));
    this.remember();
    if (sizes) this.place(one, one.x, one.y, one.w + x * far, one.h + y * far);
    else this.place(one, one.x + x * far, one.y + y * far, one.w, one.h);
    this.tell();
    this.draw();
  }

  /** Put a rectangle somewhere, inside the picture. */
  place(one, x, y, w, h) {
    const { width, height } = this.canvas;
    w = Math.min(width, Math.max(LEAST, w));
    h = Math.min(height, Math.max(LEAST, h));
    Object.assign(one, { x: Math.min(width - w, Math.max(0, x)), y: Math.min(height - h, Math.max(0, y)), w, h });
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const inside = (value, most) => Math.min(most, Math.max(0, value));
    const x = ((event.clientX - box.left) * this.canvas.width) / box.width;
    const y = ((event.clientY - box.top) * this.canvas.height) / box.height;
    return { x: inside(x, this.canvas.width), y: inside(y, this.canvas.height) };
  }

  down(event) {
    if (event.button) return;
    event.preventDefault();
    this.canvas.focus({ focusVisible: false });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size > 1) return this.cancelDrag(); // a second finger: the picture is moved instead
    const at = this.point(event);
    const grip = GRIP * this.unit();
    const held = this.rects[this.chosen];
    this.remember();
    if (held && Math.hypot(held.x + held.w - at.x, held.y + held.h - at.y) < grip) {
      this.drag = { kind: "size", one: held };
    } else {
      const hit = this.rects.findLastIndex(({ x, y, w, h }) => at.x >= x && at.x <= x + w && at.y >= y && at.y <= y + h);
      if (hit >= 0) this.drag = { kind: "move", one: this.rects[hit], from: at, x: this.rects[hit].x, y: this.rects[hit].y };
      else this.drag = { kind: "new", one: { x: at.x, y: at.y, w: 0, h: 0 }, from: at };
      this.chosen = hit >= 0 ? hit : this.rects.push(this.drag.one) - 1;
    }
    this.draw();
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size > 1) {
      this.parts.view.scrollBy((before.clientX - event.clientX) / this.pointers.size, (before.clientY - event.clientY) / this.pointers.size);
      return;
    }
    if (!this.drag) return;
    const at = this.point(event);
    const { kind, one, from } = this.drag;
    if (kind === "size") this.place(one, one.x, one.y, at.x - one.x, at.y - one.y);
    else if (kind === "move") this.place(one, this.drag.x + at.x - from.x, this.drag.y + at.y - from.y, one.w, one.h);
    else Object.assign(one, { x: Math.min(at.x, from.x), y: Math.min(at.y, from.y), w: Math.abs(at.x - from.x), h: Math.abs(at.y - from.y) });
    this.draw();
  }

  up(event, name) {
    this.pointers.delete(event.pointerId);
    if (!this.drag) return;
    const { kind, one, from } = this.drag;
    const slip = kind === "new" && (one.w < LEAST || one.h < LEAST);
    const still = kind === "move" && one.x === this.drag.x && one.y === this.drag.y && from;
    if (name === "pointercancel" || slip) return this.cancelDrag();
    this.drag = null;
    if (still) this.past.pop();
    else this.tell();
    this.draw();
  }

  cancelDrag() {
    if (!this.drag) return;
    this.drag = null;
    this.rects = this.past.pop() ?? [];
    this.chosen = Math.min(this.chosen, this.rects.length - 1);
    this.draw();
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DOES = { add: "add", remove: "remove", undo: "undo", in: "larger", out: "smaller", leave: "leave", done: "done" };

customElements.define("black-out", BlackOut);
