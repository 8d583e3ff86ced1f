/* PDF, slides and texts: read for as long as each page asks, by the page's own clock. */

import { clock, fill } from "./format.js";
import { InkLine } from "./inkline.js";
import { markWith } from "./watermark.js";

const ASLEEP = 5000; // ms between two ticks: more, and the device slept
const ZOOMS = [1, 1.5, 2, 3];

export async function build(given) {
  const reader = given.config.kind === "text" ? new TextReader(given) : new PageReader(given);
  await reader.prepare();
  return reader;
}

/* The clock of what is read: it runs on a page of the timeline until the page has had its time. */
class Reader {
  running = false;
  #at = 0;
  #spans = [];
  #position = 0;

  constructor(given) {
    Object.assign(this, given);
    const needs = this.study.info.pages?.length ? this.study.info.pages : [this.study.info.length];
    let start = 0;
    this.pages = needs.map((need) => {
      const page = { start, end: start + need };
      start += need;
      return page;
    });
    this.current = 0;
    const { study } = this;
    study.addEventListener("halt", () => this.stop());
    study.addEventListener("go", () => this.wanted && this.run());
    study.addEventListener("position", () => this.turnTo(this.#pageAt(study.target)));
    study.addEventListener("covered", () => this.draw());
    study.addEventListener("change", () => this.draw());
  }

  #pageAt(position) {
    const found = this.pages.findIndex(({ end }) => position < end);
    return found < 0 ? this.pages.length - 1 : found;
  }

  /** What is read of the lesson, acknowledged or not. */
  get read() {
    return this.arithmetic.union(this.study.covered, this.study.unsentSpans ?? [], this.#spans);
  }

  /** Seconds that page `n` (from 0) still asks for. */
  missing(n = this.current) {
    const { start, end } = this.pages[n];
    const { total, within } = this.arithmetic;
    return Math.max(0, end - start - total(within(this.read, start, end)));
  }

  /** Whether page `n` may be opened: on first view only when those before it have been read. */
  open(n) {
    const { study } = this;
    if (study.preview || study.complete || study.info.policy.first_view_seek) return true;
    return this.pages.slice(0, n).every((_page, i) => this.missing(i) < 1);
  }

  begin() {
    this.current = this.#pageAt(this.study.info.position);
    if (this.missing() < 1 && this.study.complete) this.current = 0;
    while (!this.open(this.current)) this.current -= 1;
    setInterval(() => {
      this.#tick();
      this.draw();
    }, 500);
  }

  // -- what the study client asks of a source

  take() {
    this.#tick();
    const taken = this.#spans;
    this.#spans = [];
    return taken;
  }

  state() {
    return { position: this.#position, rate: 1, playing: this.running && this.missing() > 0 };
  }

  async go() {
    this.wanted = true;
    if ((await this.study.wake()) && !this.blocked) this.run();
  }

  run() {
    this.running = true;
    this.#at = this.study.now();
    this.draw();
  }

  stop() {
    this.#tick();
    this.wanted = this.running;
    this.running = false;
    this.draw();
  }

  get blocked() {
    return Boolean(this.mark && !this.mark.intact);
  }

  #tick() {
    const now = this.study.now();
    const passed = now - this.#at;
    this.#at = now;
    if (!this.running || this.study.preview || document.visibilityState === "hidden") return;
    if (passed > ASLEEP) return;
    const { firstGap, union } = this.arithmetic;
    const { start, end } = this.pages[this.current];
    const from = Math.max(firstGap(this.read, start, end), Math.min(this.#position, end));
    const at = this.#position >= start && this.#position < end ? from : firstGap(this.read, start, end);
    if (at >= end) return;
    const to = Math.min(end, at + passed / 1000);
    this.#spans = union(this.#spans, [[at, to]]);
    this.#position = to;
  }

  /** Go to page `n` of the timeline; the clock goes on there. */
  turnTo(n) {
    this.#tick();
    this.current = n;
    this.#position = this.arithmetic.firstGap(this.read, this.pages[n].start, this.pages[n].end);
    this.draw();
  }

  watermark(place) {
    markWith(
      this.study,
      place,
      (mark) => {
        this.mark = mark;
      },
      () => {
        this.stop();
        this.notices.failed("watermark", "", "go");
      },
    );
  }

  /* Everything that a document of either kind shows: the line, what is missing, the first button. */
  frame() {
    const { study, root, stage } = this;
    this.line = new InkLine(study, this.arithmetic, () => this.read);
    root.querySelector("[data-line]").append(this.line.element);
    this.need = root.querySelector("[data-need]");
    this.start = root.querySelector("[data-start]");
    this.start.addEventListener("click", () => this.go());
    stage.append(this.notices.panel);
  }

  draw() {
    if (!this.need) return;
    const { study, texts } = this;
    const left = Math.ceil(this.missing() - 0.001);
    const words = texts.reader;
    const fresh = !this.running && !study.preview && study.state !== "opening" && left > 0;
    this.start.hidden = !fresh || this.notices.panel.hidden === false;
    this.start.textContent = study.covered.length ? words.go_on : words.start;
    let text = "";
    if (!study.preview) {
      if (left > 0) text = fill(this.running ? words.left : words.needs, { time: clock(left) });
      else text = words.enough;
    }
    this.need.textContent = text;
    this.need.classList.toggle("is-enough", left <= 0);
    this.stage.classList.toggle("is-waiting", fresh);
    this.line.draw();
  }
}

class TextReader extends Reader {
  async prepare() {
    this.frame();
    this.watermark(this.stage);
    this.begin();
    this.draw();
  }
}

class PageReader extends Reader {
  #zoom = 0;
  #shown = -1;

  async prepare() {
    const { stage } = this;
    this.frame();
    this.picture = stage.querySelector("[data-page]");
    this.paper = stage.querySelector("[data-paper]");
    this.text = stage.querySelector("[data-page-text]");
    this.number = stage.querySelector("[data-number]");
    // Who is in the middle of an older version reads that one to its end.
    this.number.max = this.pages.length;
    stage.querySelector("[data-of]").textContent = `/ ${this.pages.length}`;
    this.buttons = Object.fromEntries(
      [...stage.querySelectorAll("[data-do]")].map((button) => [button.dataset.do, button]),
    );
    for (const [name, button] of Object.entries(this.buttons)) {
      button.addEventListener("click", () => this.#do(name));
    }
    this.number.addEventListener("change", () => this.#to(Number(this.number.value) - 1));
    stage.addEventListener("keydown", (event) => this.#key(event));
    this.picture.addEventListener("contextmenu", (event) => {
      if (!this.study.preview) event.preventDefault();
    });
    document.addEventListener("fullscreenchange", () => this.draw());
    this.watermark(this.paper);
    this.begin();
    this.turnTo(this.current);
  }

  #do(name) {
    const { stage } = this;
    const work = {
      previous: () => this.#to(this.current - 1),
      next: () => this.#to(this.current + 1),
      larger: () => this.#resize(1),
      smaller: () => this.#resize(-1),
      full: () => {
        const turned = document.fullscreenElement
          ? document.exitFullscreen()
          : stage.requestFullscreen?.(); // telephones of some makers have it for films only
        turned?.catch(() => {});
      },
    };
    if (this.buttons[name].getAttribute("aria-disabled") === "true") {
      if (name === "next") this.notices.say(fill(this.texts.reader.wait, { time: clock(this.missing()) }));
      return;
    }
    work[name]?.();
  }

  #resize(step) {
    this.#zoom = Math.min(ZOOMS.length - 1, Math.max(0, this.#zoom + step));
    this.paper.dataset.zoom = this.#zoom;
    // What is larger than its window is scrolled, also by keyboard.
    this.draw();
  }

  #to(n) {
    if (!(n >= 0 && n < this.pages.length)) {
      this.number.value = this.current + 1;
    } else if (this.open(n)) this.turnTo(n);
    else {
      this.number.value = this.current + 1;
      this.notices.say(this.texts.reader.locked);
    }
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target === this.number) return;
    const keys = {
      ArrowRight: "next", PageDown: "next", ArrowLeft: "previous", PageUp: "previous",
      "+": "larger", "=": "larger", "-": "smaller", f: "full",
    };
    // A zoomed page is moved by the arrows.
    if (this.#zoom > 0 && event.key.startsWith("Arrow")) return;
    if (event.key === "?") this.root.querySelector("[data-dialog]").click();
    const name = keys[event.key];
    if (!name) return;
    event.preventDefault();
    this.#do(name);
  }

  turnTo(n) {
    super.turnTo(n);
    this.#load(n);
  }

  async #load(n) {
    const { picture, addresses, texts } = this;
    if (this.#shown === n) return;
    this.#shown = n;
    this.paper.setAttribute("aria-busy", "true");
    let page = null;
    try {
      page = await addresses.page(n + 1, this.pages[n].start);
    } catch {
      page = null;
    }
    if (this.#shown !== n) return;
    if (!page) {
      // The frontier has not reached it at the server yet: the next beat brings it there.
      this.#shown = -1;
      this.study.soon();
      setTimeout(() => this.current === n && this.#load(n), 2500);
      return;
    }
    picture.onload = () => this.paper.removeAttribute("aria-busy");
    picture.width = page.width;
    picture.height = page.height;
    picture.alt = fill(texts.reader.page, { n: n + 1, of: this.pages.length });
    picture.srcset = `${page.small} ${Math.round(page.width / 2)}w, ${page.large} ${page.width}w`;
    picture.src = page.small;
    this.text.textContent = page.text || texts.reader.no_text;
    this.paper.scrollTo(0, 0);
  }

  draw() {
    super.draw();
    if (!this.buttons) return;
    const { current, pages } = this;
    const disable = (name, yes) => this.buttons[name].setAttribute("aria-disabled", String(yes));
    disable("previous", current === 0);
    disable("next", current === pages.length - 1 || !this.open(current + 1));
    disable("smaller", this.#zoom === 0);
    disable("larger", this.#zoom === ZOOMS.length - 1);
    this.buttons.full.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    if (document.activeElement !== this.number) this.number.value = current + 1;
    this.stage.classList.toggle("is-last", current === pages.length - 1);
  }
}
