/* What counts: "credited 12:30 · waiting 03:15 · lesson 45:00", and what is missing. */

import { clock, fill } from "./format.js";

export class Account {
  constructor(root, study, { texts, config }) {
    Object.assign(this, { study, texts, config });
    this.place = root.querySelector("[data-account]");
    this.parts = Object.fromEntries(
      [...this.place.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]),
    );
    study.addEventListener("change", () => this.draw());
    study.addEventListener("covered", () => this.draw());
    this.draw();
  }

  draw() {
    const { study, texts, parts } = this;
    this.place.hidden = false;
    this.place.classList.toggle("is-preview", Boolean(study.preview));
    parts.length.textContent = clock(study.info.length);
    if (study.preview) return;
    const { credit } = study;
    const held = credit.activity_held;
    parts.credited.textContent = clock(credit.activity_credited);
    parts.held.textContent = clock(held);
    parts.held.closest("li").hidden = held === 0;
    const seen = study.covered.reduce((sum, [a, b]) => sum + b - a, 0);
    const missing = Math.max(0, study.info.length - seen);
    this.place.classList.toggle("is-complete", study.complete);
    let rest = fill(texts.account.missing, { time: clock(missing) });
    if (study.complete && held) rest = texts.account.waits;
    else if (study.complete) rest = texts.account.complete;
    else if (missing === 0) rest = texts.account.waits;
    parts.rest.textContent = rest;
    const { cap_left: left } = credit;
    const low = left !== null && left !== undefined && left < 1800;
    parts.cap.hidden = !low || study.complete;
    if (low) parts.cap.textContent = fill(texts.account.cap, { time: clock(left) });
    parts.voided.hidden = !credit.voided;
    if (credit.voided) {
      const words = fill(texts.account.voided, { time: clock(credit.voided) });
      parts.voided.firstElementChild.textContent = words;
    }
  }
}
