/* The navigator of a sitting: which questions are answered, flagged, shown; pages of several
   questions within one document, so that turning them needs no line. */

/** Whether the inputs of a question hold anything. */
export function hasValue(question) {
  const { prefix } = question.dataset;
  for (const input of question.querySelectorAll("input, textarea, select")) {
    if (!input.name.startsWith(prefix) || input.disabled) continue;
    if (input.type === "radio" || input.type === "checkbox") {
      if (input.checked && input.value !== "") return true;
    } else if (input.value.trim() !== "") return true;
  }
  return false;
}

/* What the server has, or was given since. */
function isAnswered(question) {
  return question.dataset.given === "1";
}

export class Navigator {
  page = 0;

  constructor(root, config) {
    this.root = root;
    this.config = config;
    this.questions = [...root.querySelectorAll("[data-quiz-place]")];
    this.items = [...root.querySelectorAll("[data-nav]")];
    this.asked = this.questions.filter((question) => question.dataset.answerable === "1");
    this.pages = this.#pages();
    root.addEventListener("click", (event) => {
      const turn = event.target.closest("[data-turn]");
      if (turn) this.turn(Number(turn.dataset.turn));
      const item = event.target.closest("[data-nav]");
      if (item) this.show(Number(item.dataset.nav));
    });
    this.#showPage(this.#pageOf(this.#fromAddress()));
    this.draw();
  }

  #pages() {
    const size = this.config.per_page;
    if (!size || size >= this.questions.length) return [this.questions];
    const pages = [];
    for (let at = 0; at < this.questions.length; at += size) {
      pages.push(this.questions.slice(at, at + size));
    }
    return pages;
  }

  #fromAddress() {
    const found = /^#q(\d+)$/.exec(location.hash);
    return found ? Number(found[1]) : null;
  }

  #pageOf(place) {
    const at = this.pages.findIndex((page) =>
      page.some((question) => Number(question.dataset.quizPlace) === place),
    );
    return Math.max(0, at);
  }

  #showPage(number) {
    this.page = number;
    if (this.pages.length < 2) return;
    const shown = new Set(this.pages[number]);
    for (const question of this.questions) question.hidden = !shown.has(question);
    for (const section of this.root.querySelectorAll("[data-section]")) {
      const first = this.questions.find(
        (one) => section.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING,
      );
      section.hidden = !shown.has(first);
    }
    const place = this.root.querySelector("[data-part=page]");
    place.textContent = `${number + 1} / ${this.pages.length}`;
    this.root.querySelector("[data-part=turns]").hidden = false;
    this.root.querySelector('[data-turn="-1"]').disabled = number === 0;
    this.root.querySelector('[data-turn="1"]').disabled = number === this.pages.length - 1;
  }

  turn(step) {
    const number = this.page + step;
    if (number < 0 || number >= this.pages.length) return;
    this.#showPage(number);
    this.draw();
    this.pages[number][0].scrollIntoView({ block: "start" });
    this.pages[number][0].focus({ preventScroll: true });
  }

  /** Bring a question into sight. */
  show(place) {
    this.#showPage(this.#pageOf(place));
    this.draw();
    const question = this.root.querySelector(`[data-quiz-place="${place}"]`);
    question?.scrollIntoView({ block: "start" });
    question?.focus({ preventScroll: true });
  }

  flagged(question) {
    return question.querySelector('input[name="flag"]')?.checked ?? false;
  }

  counts() {
    const answered = this.config.answered_before + this.asked.filter(isAnswered).length;
    const all = this.config.expected;
    return {
      all,
      answered,
      unanswered: Math.max(0, all - answered),
      flagged: this.questions.filter((question) => this.flagged(question)).length,
    };
  }

  /** Questions on this page without an answer, for the hand-in. */
  open() {
    return this.asked
      .filter((question) => !isAnswered(question))
      .map((question) => ({
        place: Number(question.dataset.quizPlace),
        label: question.dataset.label,
      }));
  }

  draw() {
    const { answered, all } = this.counts();
    const line = this.root.querySelector("[data-part=progress] progress");
    line.value = answered;
    line.toggleAttribute("data-complete", answered >= all);
    this.root.querySelector("[data-part=count]").textContent = `${answered} / ${all}`;
    const shown = new Set(this.pages[this.page].map((question) => question.dataset.quizPlace));
    for (const item of this.items) {
      const question = this.root.querySelector(`[data-quiz-place="${item.dataset.nav}"]`);
      if (!question) continue;
      const done = isAnswered(question);
      item.classList.toggle("is-answered", done);
      item.classList.toggle("is-flagged", this.flagged(question));
      item.classList.toggle("is-shown", this.pages.length > 1 && shown.has(item.dataset.nav));
      const words = item.querySelector("[data-words]");
      words.textContent = [done ? words.dataset.done : words.dataset.open, this.flagged(question) ? words.dataset.flagged : ""].filter(Boolean).join(", ");
    }
  }
}
