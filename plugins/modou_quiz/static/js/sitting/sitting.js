/* The page of a sitting: gathers answers from the questions' inputs, shows what became of them, the
   time that is left and what is still open, and hands in. Without it the page is a form. */

import { Answers } from "./answers.js";
import { ServerClock, shown } from "./clock.js";
import { hasValue, Navigator } from "./navigator.js";

const TYPING = 1200; // ms after the last key
const WARN = [600, 300, 60]; // s before the end at which it is said aloud
const SPREAD = 15000; // ms over which all who are stopped by the clock hand in

const root = document.querySelector("[data-sitting]");
const config = JSON.parse(root.dataset.config);
const texts = JSON.parse(root.dataset.texts);
const form = root.querySelector("[data-answers]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);

function say(text, values) {
  return text.replace(/\$\{(\w+)\}/g, (_whole, name) => values[name]);
}

function announce(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  requestAnimationFrame(() => {
    live.textContent = text;
  });
}

/* The inputs of a question, as a form would send them. */
function fieldsOf(question) {
  const prefix = question.dataset.prefix;
  return [...new FormData(form)].filter(
    ([name, value]) => name.startsWith(prefix) && typeof value === "string",
  );
}

class Page {
  typing = new Map();
  leaving = false;
  ended = false;
  said = new Set();

  constructor(answers, clock, navigator) {
    Object.assign(this, { answers, clock, navigator });
    this.draw = this.draw.bind(this);
    answers.addEventListener("change", this.draw);
    form.addEventListener("input", (event) => this.changed(event, TYPING));
    form.addEventListener("change", (event) => this.changed(event, 0));
    form.addEventListener("submit", (event) => this.submit(event));
    part("hand-in-button").form.addEventListener("submit", () => {
      this.leaving = true;
    });
    globalThis.addEventListener("online", () => answers.soon());
    globalThis.addEventListener("pagehide", () => {
      this.leaving = true;
      this.flushTyping();
    });
    globalThis.addEventListener("pageshow", () => {
      this.leaving = false;
    });
    document.addEventListener("visibilitychange", () => this.visibility());
    globalThis.addEventListener("beforeunload", (event) => {
      if (!this.leaving && answers.state === "live" && answers.open) event.preventDefault();
    });
    this.timer = setInterval(() => this.tick(), 500);
    this.draw();
    this.tick();
  }

  // -- answers

  changed(event, wait) {
    if (event.target.name === "flag") {
      const place = Number(event.target.value);
      this.answers.give(place, { only_flag: true, flagged: event.target.checked });
      this.navigator.draw();
      return;
    }
    const question = event.target.closest("[data-quiz-place]");
    if (!question) return;
    const place = Number(question.dataset.quizPlace);
    clearTimeout(this.typing.get(place)?.timer);
    const give = () => {
      this.typing.delete(place);
      question.dataset.given = hasValue(question) ? "1" : "";
      this.answers.give(place, { fields: fieldsOf(question) });
      this.navigator.draw();
    };
    if (wait) this.typing.set(place, { timer: setTimeout(give, wait), give });
    else give();
  }

  flushTyping() {
    for (const { timer, give } of [...this.typing.values()]) {
      clearTimeout(timer);
      give();
    }
  }

  // -- forms

  async submit(event) {
    const button = event.submitter;
    event.preventDefault();
    if (this.answers.state !== "live") return;
    this.flushTyping();
    await this.answers.deliver();
    if (button?.value === "hand-in") {
      this.askHandIn();
      return;
    }
    if (this.answers.open) {
      this.draw();
      announce(part("state").textContent);
      return;
    }
    if (button?.value === "save") return;
    // An answer that was not taken must not cost a try with the one before it.
    if (button?.name === "check" && this.answers.refused.has(Number.parseInt(button.value, 10))) return;
    // The answers are saved: only what the button wants is sent.
    this.leaving = true;
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = form.action;
    const values = {
      csrf_token: form.elements.csrf_token.value,
      page: config.token,
      scripted: "1",
      [button.name]: button.value,
    };
    for (const [name, value] of Object.entries(values)) {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      sent.append(input);
    }
    document.body.append(sent);
    sent.submit();
  }

  askHandIn() {
    const dialog = part("hand-in-dialog");
    this.drawSummary();
    if (!dialog.open) dialog.showModal();
  }

  drawSummary() {
    const { open } = this.answers;
    const { unanswered, flagged, all } = this.navigator.counts();
    const list = [];
    list.push(
      unanswered
        ? say(texts.unanswered, { number: unanswered, all })
        : say(texts.all_answered, { all }),
    );
    if (flagged) list.push(say(texts.flagged, { number: flagged }));
    part("hand-in-summary").textContent = list.join("\n");
    const wait = part("hand-in-wait");
    wait.hidden = !open;
    wait.textContent = say(texts.wait, { number: open });
    part("hand-in-button").disabled = open > 0;
    part("hand-in-open").replaceChildren(
      ...this.navigator.open().map(({ label, place }) => {
        const link = Object.assign(document.createElement("a"), {
          href: `#q${place}`,
          textContent: label,
          className: "quiz-nav-item",
        });
        link.addEventListener("click", () => {
          part("hand-in-dialog").close();
          this.navigator.show(place);
        });
        return link;
      }),
    );
  }

  // -- the page is left

  visibility() {
    if (document.visibilityState === "visible") {
      this.answers.soon();
      this.tick();
    } else if (!this.leaving && config.counts_leaves && this.answers.state === "live") {
      this.flushTyping();
      this.answers.left();
    }
  }

  // -- time

  tick() {
    const { deadline, state } = this.answers;
    const timer = part("timer");
    timer.hidden = deadline === null;
    if (deadline === null || this.ended) return;
    const left = deadline - this.clock.now();
    part("time").textContent = shown(left);
    timer.classList.toggle("is-urgent", left < 60000);
    for (const seconds of WARN) {
      if (left / 1000 <= seconds && left / 1000 > seconds - 30 && !this.said.has(seconds)) {
        this.said.add(seconds);
        announce(say(texts.minutes_left, { number: Math.ceil(seconds / 60) }));
      }
    }
    if (left <= 0 && state === "live") this.timeUp();
  }

  async timeUp() {
    this.ended = true;
    part("time").textContent = shown(0);
    this.notice("up", texts.up);
    this.flushTyping();
    form.inert = true;
    await this.answers.deliver();
    const go = () => {
      if (this.answers.state !== "live") return;
      if (this.answers.open) {
        this.notice("up", say(texts.up_offline, { number: this.answers.open }));
        setTimeout(go, 2000);
        return;
      }
      this.leaving = true;
      part("hand-in").submit();
    };
    setTimeout(go, Math.random() * SPREAD);
  }

  // -- showing

  notice(kind, text, action = null) {
    const box = part("notice");
    box.hidden = false;
    box.dataset.kind = kind;
    part("notice-text").textContent = text;
    const link = part("notice-action");
    link.hidden = !action;
    if (action) {
      link.textContent = action.text;
      link.href = action.href;
    }
    part("take").hidden = kind !== "taken" && kind !== "elsewhere";
  }

  draw() {
    const { answers } = this;
    const { state, open } = answers;
    const line = part("state");
    let kind = "saved";
    let text = texts.saved;
    if (open && (!answers.reachable || answers.busy)) {
      kind = "kept";
      text = say(answers.busy ? texts.busy : texts.offline, { number: open });
    } else if (!answers.reachable) {
      kind = "kept";
      text = say(texts.offline, { number: open });
    } else if (open || state === "opening") {
      kind = "sending";
      text = texts.sending;
    }
    if (line.textContent !== text) line.textContent = text;
    line.dataset.state = kind;
    for (const question of root.querySelectorAll("[data-quiz-place]")) this.drawQuestion(question);
    const leaves = part("leaves");
    leaves.hidden = !answers.leaves || !config.counts_leaves;
    leaves.textContent = say(config.most_leaves ? texts.leaves_of : texts.leaves, {
      number: answers.leaves,
      most: config.most_leaves,
    });
    if (part("hand-in-dialog").open) this.drawSummary();
    this.drawEnd();
  }

  drawQuestion(question) {
    const place = Number(question.dataset.quizPlace);
    const mark = question.querySelector("[data-saved]");
    if (!mark) return;
    const state = this.answers.stateOf(place);
    const reason = this.answers.refused.get(place);
    let text = question.dataset.touched ? texts.one_saved : "";
    if (reason) text = say(texts.one_refused, { reason });
    else if (state) {
      question.dataset.touched = "1";
      text = state === "sending" ? texts.one_sending : texts.one_kept;
    }
    if (mark.textContent !== text) mark.textContent = text;
    mark.dataset.state = reason ? "refused" : state || (text ? "saved" : "");
  }

  drawEnd() {
    const { state, problem } = this.answers;
    if (state === "live" || state === "opening") return;
    form.inert = true;
    if (state === "taken") this.notice("taken", texts.taken_over);
    else if (state === "closed") {
      const text = problem?.detail ? `${texts.closed} ${problem.detail}` : texts.closed;
      this.notice("closed", text, { text: texts.result, href: config.review });
    } else if (state === "signed_out") {
      this.notice("signed_out", texts.signed_out, { text: texts.sign_in, href: config.sign_in });
    } else {
      const text = problem?.detail ?? texts.closed;
      this.notice("lost", text, { text: texts.reload, href: location.pathname });
    }
  }
}

/* One window of this browser has the attempt; the one that the learner went on in takes it. */
function hold(name, steal, lost) {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const options = steal ? { steal: true } : { ifAvailable: true };
    locks
      .request(name, options, (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {});
      })
      .catch(lost);
  });
}

async function start() {
  const [{ Kept }, line] = await Promise.all([import(config.kept), import(config.line)]);
  const [navigation] = performance.getEntriesByType("navigation");
  const clock = new ServerClock(config.state.now, undefined, navigation?.responseStart);
  const kept = new Kept(globalThis.indexedDB, "modou-quiz");
  const answers = new Answers({ config, clock, line, kept });
  const navigator_ = new Navigator(root, config);
  const page = new Page(answers, clock, navigator_);
  root.classList.add("is-scripted");
  const address = new URL(location.href);
  const taken = address.searchParams.has("taken");
  if (taken) {
    address.searchParams.delete("taken");
    history.replaceState(null, "", address);
  }
  const name = `modou-quiz-${config.attempt}`;
  if (!(await hold(name, taken, () => answers.yield_page()))) {
    form.inert = true;
    page.notice("elsewhere", texts.elsewhere);
    return;
  }
  const left = await answers.open_page();
  if (left && answers.state === "live" && !answers.open) {
    // The page was made before those answers arrived.
    page.leaving = true;
    location.reload();
  }
}

start();
