/* Answers on their way to the server: kept in the browser until they are acknowledged, sent again
   after a broken line or a reload, in order, each once.

   The newest answer of a question is enough, so that what waits is a question's place -> its answer.
   What is under way keeps its numbers until the server has answered: if it arrived already, it brings
   nothing the second time. */

const TIMEOUT = 12000; // ms for one request
const LONGEST_WAIT = 15; // s between two attempts, unless the server asks for more
const QUIET = 60000; // ms after which the server is asked how things stand
const MOST = 100; // answers in one request
const LATER = new Set([429, 500, 502, 503, 504]);
/* Codes of refusals -> state. */
const ENDS = {
  "taken-over": "taken",
  "attempt-closed": "closed",
  "signed-out": "signed_out",
  page: "lost",
  "not-found": "lost",
};

/** Whether an answer names a file that was sent before it: such have an address of their own. */
function namesUploads({ fields, answer }) {
  return JSON.stringify([fields, answer]).includes('"upload:');
}

export class Answers extends EventTarget {
  /** opening, live, taken (another page has it), closed, signed_out, lost */
  state = "opening";
  /** The problem that the server named when it ended. */
  problem = null;
  reachable = true;
  /** The server is there but asked to come later. */
  busy = false;
  leaves = 0;
  deadline = null;
  /** Place of a question -> why its answer was not taken. */
  refused = new Map();

  #seq = 0;
  #waiting = new Map();
  #underway = [];
  #sending = null;
  #failures = 0;
  #timer = 0;
  #heard = 0;
  #leavesSaid = 0;

  /**
   * @param {object} o
   * @param {object} o.config of the page: attempt, token, first, state, answers, files, pages
   * @param {object} o.clock a ServerClock
   * @param {object} o.line the module study/line.js
   * @param {object} o.kept where answers wait: put, drop, all
   */
  constructor({
    config,
    clock,
    line,
    kept,
    fetch = (...args) => globalThis.fetch(...args),
    later = (work, ms) => setTimeout(work, ms),
    random = Math.random,
  }) {
    super();
    Object.assign(this, { config, clock, line, kept, fetch, later, random });
    this.#learn(config.state);
    this.#heard = clock.passed();
  }

  /** How many answers the server has not acknowledged. */
  get open() {
    return new Set([...this.#waiting.keys(), ...this.#underway.map((one) => one.slot)]).size;
  }

  /** "sending", "kept" or "" for a question. */
  stateOf(slot) {
    const open = this.#waiting.has(slot) || this.#underway.some((one) => one.slot === slot);
    if (!open) return "";
    return this.reachable && !this.busy && this.state !== "signed_out" ? "sending" : "kept";
  }

  // -- requests

  async #post(path, body) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT);
    const sent = this.clock.passed();
    let response;
    let data = null;
    try {
      response = await this.fetch(path, {
        method: "POST",
        headers: {
          Accept: "application/json",
          "Content-Type": "application/json",
          Authorization: `Bearer ${this.config.token}`,
        },
        body: JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        signal: abort.signal,
      });
      const json = /json/.test(response.headers.get("Content-Type") ?? "");
      if (json) data = await response.json();
    } catch (error) {
      throw new this.line.Unreached(error.message);
    } finally {
      clearTimeout(timer);
    }
    this.#heard = this.clock.passed();
    if (response.ok) {
      this.clock.hear(data.now, sent);
      return data;
    }
    if (LATER.has(response.status)) {
      const wait = this.line.retryAfter(response.headers.get("Retry-After"));
      const error = new this.line.Unreached(data?.detail ?? "", wait);
      error.answered = true;
      throw error;
    }
    throw new this.line.Refused(response.status, data);
  }

  #learn({ seq, deadline, leaves }) {
    this.#seq = Math.max(this.#seq, seq);
    this.deadline = deadline;
    this.leaves = Math.max(this.leaves, leaves);
    this.#leavesSaid = Math.max(this.#leavesSaid, leaves);
  }

  // -- opening

  /**
   * Become the newest page of the attempt; answers that an earlier page left behind are taken along.
   * A page before which there was none becomes so with its first answer.
   * @returns {Promise<boolean>} whether there were any: what the page shows is older than they are
   */
  async open_page() {
    for (;;) {
      try {
        const times = this.config.first ? {} : await this.#opened();
        const left = await this.#leftBehind(times);
        this.#become("live");
        this.#plan();
        if (left || this.#waiting.size) await this.deliver();
        return left;
      } catch (error) {
        if (!this.#survives(error)) return false;
        await new Promise((resolve) => {
          this.later(resolve, this.#backOff(error.after) * 1000);
        });
      }
    }
  }

  async #opened() {
    const opened = await this.#post(this.config.pages, {});
    this.#learn(opened);
    this.#reached(true);
    return opened.times;
  }

  async #leftBehind(times) {
    const records = await this.kept.all();
    const record = records.find((one) => one.token === this.config.attempt);
    let left = false;
    for (const one of record?.answers ?? []) {
      if (one.at > (times[one.slot] ?? 0) && !this.#waiting.has(one.slot)) {
        this.#waiting.set(one.slot, one);
        left = true;
      }
    }
    if (record && !left && !this.#waiting.size) await this.kept.drop(this.config.attempt);
    return left;
  }

  // -- giving

  /**
   * The learner gave an answer.
   * @param {number} slot
   * @param {object} answer {fields} or {answer}, and {flagged}; {only_flag: true} for a flag alone
   */
  give(slot, answer) {
    const before = this.#waiting.get(slot);
    // A flag alone must not push aside an answer that waits.
    const merged = answer.only_flag && before ? { ...before, flagged: answer.flagged } : answer;
    this.#waiting.set(slot, { ...merged, slot, at: Math.round(this.clock.now()) });
    this.refused.delete(slot);
    this.#keep();
    this.#tell();
    if (this.state === "live") this.deliver();
  }

  /** The page was left once more. */
  left() {
    this.leaves += 1;
    this.#tell();
    if (this.state === "live") this.deliver(true);
  }

  #keep() {
    const answers = [...this.#underway, ...this.#waiting.values()].map(
      ({ slot, fields, answer, flagged, only_flag, at }) => ({
        slot, fields, answer, flagged, only_flag, at,
      }),
    );
    const { attempt } = this.config;
    if (answers.length) return this.kept.put({ token: attempt, answers, saved: Date.now() });
    return this.kept.drop(attempt);
  }

  // -- delivering

  /**
   * Send what waits, until nothing does or the line is broken.
   * @param {boolean} ask also when nothing waits
   */
  deliver(ask = false) {
    if (this.state !== "live") return Promise.resolve();
    this.#sending ??= this.#deliver(ask).finally(() => {
      this.#sending = null;
      // Something came while the last answer was on its way back.
      if (this.state === "live" && this.reachable && !this.busy && this.#waiting.size) {
        this.deliver();
      }
    });
    return this.#sending;
  }

  async #deliver(ask) {
    let first = ask;
    while (first || this.#underway.length || this.#waiting.size) {
      first = false;
      if (!this.#underway.length) {
        this.#underway = [...this.#waiting.values()].slice(0, MOST);
        for (const one of this.#underway) {
          this.#waiting.delete(one.slot);
          this.#seq += 1;
          one.seq = this.#seq;
        }
      }
      const files = this.#underway.some(namesUploads);
      const body = {
        answers: this.#underway.map(({ seq, slot, fields, answer, flagged, only_flag }) => ({
          seq, slot, fields, answer, flagged, only_flag,
        })),
      };
      if (this.config.counts_leaves && this.leaves > this.#leavesSaid) body.leaves = this.leaves;
      this.#tell();
      try {
        this.#acknowledged(
          await this.#post(files ? this.config.files : this.config.answers, body),
        );
      } catch (error) {
        if (this.#survives(error)) {
          clearTimeout(this.#timer);
          this.#timer = this.later(() => this.deliver(true), this.#backOff(error.after) * 1000);
        }
        return;
      }
      if (this.state !== "live") return;
    }
  }

  #acknowledged(answer) {
    this.#learn(answer);
    for (const { slot, detail } of answer.refused) this.refused.set(slot, detail);
    this.#underway = [];
    this.#keep();
    this.#reached(true);
    if (answer.ended) this.#become("closed");
    else this.#plan();
    this.#tell();
  }

  /* Whether it makes sense to try again. */
  #survives(error) {
    if (error instanceof this.line.Unreached) {
      this.#reached(false, error.answered);
      return true;
    }
    if (!(error instanceof this.line.Refused)) throw error;
    this.problem = error.problem;
    this.#become(ENDS[error.code] ?? "lost");
    return false;
  }

  #backOff(asked = 0) {
    this.#failures += 1;
    const own = Math.min(LONGEST_WAIT, 2 ** (this.#failures - 1)) * (0.5 + this.random() / 2);
    return Math.max(own, asked * (1 + this.random() / 5));
  }

  /* Ask how things stand when nothing was said for a while. */
  #plan() {
    clearTimeout(this.#timer);
    this.#timer = this.later(() => {
      const silent = this.clock.passed() - this.#heard >= QUIET / 2;
      if (silent) this.deliver(true);
      else this.#plan();
    }, QUIET * (0.75 + this.random() / 2));
  }

  /** The line is there again, or the page is looked at again: do not wait. */
  soon() {
    if (this.state === "live") this.deliver(true);
  }

  /** Another page of this browser has the attempt. */
  yield_page() {
    this.#become("taken");
  }

  // -- telling

  #become(state) {
    this.state = state;
    this.#tell();
  }

  #reached(yes, busy = false) {
    if (yes) this.#failures = 0;
    this.reachable = yes || busy;
    this.busy = !yes && busy;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
