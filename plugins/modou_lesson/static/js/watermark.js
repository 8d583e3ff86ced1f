/* The learner's masked name over what is shown. It changes its place every few seconds; who takes it
   away sees nothing more. */

import { element } from "./format.js";

const MOVES = 12000; // ms
const PLACES = 9;

class Watermark {
  /**
   * @param {HTMLElement} place what it lies over
   * @param {Function} onGone called when it was removed or made invisible
   */
  constructor(place, text, onGone) {
    Object.assign(this, { place, text, onGone, gone: false });
    this.number = Math.floor(Math.random() * PLACES);
    this.#make();
    this.observer = new MutationObserver(() => this.check());
    this.observer.observe(place, { childList: true, subtree: true, attributes: true });
    this.timer = setInterval(() => this.#move(), MOVES);
  }

  #make() {
    this.mark = element("p", "lesson-watermark", this.text);
    this.mark.setAttribute("aria-hidden", "true");
    this.mark.dataset.place = this.number;
    this.place.append(this.mark);
  }

  #move() {
    this.number = (this.number + 1 + Math.floor(Math.random() * (PLACES - 1))) % PLACES;
    this.mark.dataset.place = this.number;
    this.check();
  }

  get #seen() {
    if (this.mark.parentNode !== this.place || this.mark.textContent !== this.text) return false;
    const style = getComputedStyle(this.mark);
    return style.display !== "none" && style.visibility === "visible" && Number(style.opacity) > 0.1;
  }

  check() {
    if (this.#seen) return;
    this.observer.disconnect();
    this.mark.remove();
    this.#make();
    this.observer.observe(this.place, { childList: true, subtree: true, attributes: true });
    // Whoever hides it by a style sheet hides the new one as well: then there is nothing to see.
    this.onGone();
  }

  /** Whether it can be seen; playing needs that. */
  get intact() {
    return this.#seen;
  }
}

/** Put the watermark over `place` as soon as the study client knows whose it is. */
export function markWith(study, place, made, onGone) {
  let mark = null;
  const look = () => {
    const text = study.info.policy.watermark ? study.info.watermark : "";
    if (mark || !text) return;
    mark = new Watermark(place, text, onGone);
    made(mark);
  };
  study.addEventListener("change", look);
  look();
}
