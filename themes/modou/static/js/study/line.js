/* The line of one player to the server: beats in sequence, one of them unacknowledged at most. */

import { rounded, total, union } from "./spans.js";

// What the server lets a beat carry over from the time before; more must not come in a beat of its
// own right behind a late one.
const CARRY = 3;

/** The server did not answer, or asked to come later: nothing is known about what was sent. */
export class Unreached extends Error {
  /** @param {number} after seconds that the server asked to wait, 0 if it did not */
  constructor(message, after = 0) {
    super(message);
    this.after = after;
  }
}

/** The server refused: `status`, `code` and the whole problem document. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `HTTP ${status}`);
    this.status = status;
    this.problem = problem ?? {};
    this.code = this.problem.code ?? "";
  }
}

/** Seconds in a Retry-After header: a number, or a date. */
export function retryAfter(value, now = Date.now()) {
  if (!value) return 0;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

export class Line {
  #unacked = null;
  #probe = null;
  #uncertain = false;
  #gathered = [];
  #accepted = [];

  /**
   * @param {object} o
   * @param {string} o.token of the player
   * @param {string} o.activity
   * @param {(path: string, body: object, token: string) => Promise<object>} o.post gives the
   *   answer; throws Unreached or Refused
   * @param {{put: Function, drop: Function}} o.kept
   */
  constructor({ token, activity, post, kept, seq = 0 }) {
    Object.assign(this, { token, activity, post, kept, seq });
  }

  /** A line as an earlier page left it. What became of its last beat is unknown. */
  static restored(record, post, kept) {
    const line = new Line({ ...record, post, kept });
    line.#unacked = record.unacked;
    line.#probe = record.probe;
    line.#gathered = record.gathered;
    line.#uncertain = record.unacked !== null;
    return line;
  }

  gather(spans) {
    if (spans.length) this.#gathered = union(this.#gathered, spans);
  }

  /** Whether there is anything that the server has not acknowledged. */
  get pending() {
    return this.#unacked !== null || this.#gathered.length > 0;
  }

  /** Whether a beat is out whose fate is unknown. */
  get uncertain() {
    return this.#uncertain;
  }

  /** What was played and is not acknowledged, as spans. */
  get open() {
    return union(this.#unacked?.spans ?? [], this.#probe?.spans ?? [], this.#gathered);
  }

  /** What the server has acknowledged since the last call, as spans. */
  takeAccepted() {
    const spans = this.#accepted;
    this.#accepted = [];
    return spans;
  }

  save() {
    return this.kept.put({
      token: this.token,
      activity: this.activity,
      seq: this.seq,
      unacked: this.#unacked,
      probe: this.#probe,
      gathered: this.#gathered,
      saved: Date.now(),
    });
  }

  forget() {
    return this.kept.drop(this.token);
  }

  /** The next beat, built from what was gathered; for the page's last moment. */
  last(state) {
    if (!this.#unacked) {
      this.#unacked = this.#build(this.seq + 1, state);
      this.#uncertain = true;
      return this.#unacked;
    }
    if (!this.#gathered.length || this.#probe) return this.#probe ?? this.#unacked;
    this.#uncertain = true;
    this.#probe = this.#build(this.#unacked.seq + 1, state);
    return this.#probe;
  }

  #build(seq, state) {
    const spans = rounded(this.#gathered);
    this.#gathered = [];
    return { ...state, seq, spans };
  }

  /**
   * Send what is there once and give the server's answer.
   *
   * @param {object} state {position, rate, playing, visible}
   * @throws {Unreached} try again later: nothing is lost
   * @throws {Refused}
   */
  async deliver(state) {
    if (!this.#unacked) {
      this.#unacked = this.#build(this.seq + 1, state);
      this.#uncertain = false;
    }
    if (this.#uncertain && (this.#probe || total(this.#gathered) > CARRY)) {
      const answer = await this.#ask(state);
      if (answer) return answer;
    }
    this.save();
    let answer;
    try {
      answer = await this.post("/beats", this.#unacked, this.token);
    } catch (error) {
      if (error instanceof Unreached) this.#uncertain = true;
      const expected = error.code === "sequence" ? error.problem.expected : null;
      if (expected !== this.#unacked.seq + 1) throw error;
      // It had arrived; the one behind it carries on.
      this.#acknowledged();
      return this.deliver(state);
    }
    this.#acknowledged();
    return answer;
  }

  /* The last beat's fate is unknown and much was gathered since. The next number finds out: it is
     taken only if the last one had arrived. Else everything goes into one beat, since the server
     credits a beat by the time since the one before. */
  async #ask(state) {
    this.#probe ??= this.#build(this.#unacked.seq + 1, state);
    this.save();
    try {
      const answer = await this.post("/beats", this.#probe, this.token);
      this.#acknowledged();
      return answer;
    } catch (error) {
      if (error.code !== "sequence" || error.problem.expected !== this.#unacked.seq) throw error;
    }
    const spans = rounded(union(this.#unacked.spans, this.#probe.spans, this.#gathered));
    this.#unacked = { ...state, seq: this.#unacked.seq, spans };
    this.#gathered = [];
    this.#probe = null;
    this.#uncertain = false;
    return null;
  }

  #acknowledged() {
    const spans = [this.#unacked, this.#probe].flatMap((beat) => beat?.spans ?? []);
    this.#accepted = union(this.#accepted, spans);
    this.seq = (this.#probe ?? this.#unacked).seq;
    this.#unacked = null;
    this.#probe = null;
    this.#uncertain = false;
    if (this.#gathered.length) this.save();
    else this.forget();
  }
}
