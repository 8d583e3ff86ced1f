/* The ink line of a lesson: what is credited (green), what waits for a check (ink, dotted), what was
   played and is on its way (ink), and the frontier. It only shows; a slider or a sentence beside it
   says the same to who cannot see it. */

import { element } from "./format.js";

export class InkLine {
  #parts = "";

  /** @param {object} arithmetic of spans: the module study/spans.js; `open` gives what is unsent. */
  constructor(study, arithmetic, open = () => []) {
    this.element = element("div", "ink-line");
    this.element.setAttribute("aria-hidden", "true");
    Object.assign(this, { study, arithmetic, open });
    this.tick = element("i", "ink-line-frontier");
    this.draw = this.draw.bind(this);
    study.addEventListener("covered", this.draw);
    study.addEventListener("change", this.draw);
    this.draw();
  }

  draw() {
    const { study } = this;
    const { tail, union } = this.arithmetic;
    const length = study.info?.length || 1;
    const covered = study.covered ?? [];
    // Which seconds wait is not told, only how many: the newest ones.
    const held = tail(covered, study.credit?.activity_held ?? 0);
    const parts = [
      ...union(this.open()).map((span) => ["is-open", span]),
      ...covered.map((span) => ["is-credited", span]),
      ...held.map((span) => ["is-held", span]),
    ];
    const shown = JSON.stringify([parts, study.frontier, length]);
    if (shown === this.#parts) return;
    this.#parts = shown;
    const drawn = parts.map(([kind, [a, b]]) => {
      const part = element("i", `ink-line-part ${kind}`);
      part.style.left = `${(a / length) * 100}%`;
      part.style.width = `${(Math.min(b, length) - a) / length * 100}%`;
      return part;
    });
    const limited = !study.complete && !study.preview && !study.info?.policy?.first_view_seek;
    this.tick.hidden = !limited || study.frontier >= length;
    this.tick.style.left = `${Math.min(100, (study.frontier / length) * 100)}%`;
    this.element.replaceChildren(...drawn, this.tick);
  }
}
