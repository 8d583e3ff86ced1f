/* Study time in the browser: opens a player, tells the server every few seconds what was played,
   and does what the server says. For every plugin whose activities count study time.

     const study = new Study({ activity, source, csrf });
     await study.look();            // where the learner stands; nothing is opened
     await study.wake();            // opens (or goes on); true: may play
     study.addEventListener("change", render);

   `source` is what plays: take() gives the spans played since the last call, state() gives
   {position, rate, playing}. Events: "change" (anything to show), "halt" (stop playing now), "go"
   (play on if halt had stopped it), "position" (study.target: where to go back to), "challenge"
   (study.challenge, null when it is over), "covered".

   The server decides about credit. What is here only measures, keeps and resends, so that honest
   learners lose nothing when a line breaks. */

import { Kept } from "./kept.js";
import { Line, Refused, retryAfter, Unreached } from "./line.js";
import { total, union } from "./spans.js";

const TICK = 1000; // ms
const SAVE_EVERY = 5000; // ms
const TIMEOUT = 12000; // ms for one request
const UNHEARD = 45000; // ms of playing without an answer, then the page stops by itself
const LEAVES_AFTER = 600000; // ms without playing: the session is ended, playing opens another
const LONGEST_WAIT = 15; // s between two attempts, unless the server asks for more
// Endings after which a new player is opened without asking: nobody else took the place.
const HARMLESS = new Set(["lost", "left"]);
const LATER = new Set([429, 500, 502, 503, 504]);

export class Study extends EventTarget {
  /** new, opening, live, waiting (line down), paused, resting, ended, refused */
  state = "new";
  /** {code, text} of the last pause, end or refusal */
  reason = null;
  /** Whether playing was stopped because the page was hidden. */
  wasHidden = false;
  reachable = true;
  info = null;
  credit = null;
  covered = [];
  frontier = 0;
  target = null;
  challenge = null;
  complete = false;

  #line = null;
  #sending = false;
  #opening = null;
  #failures = 0;
  #nextAt = Infinity;
  #heardAt = 0;
  #savedAt = 0;
  #stillSince = 0;
  #reopened = [];
  #timer = 0;
  #once = null;

  /**
   * @param {object} o
   * @param {string} o.activity key of the activity
   * @param {{take: Function, state: Function}} o.source
   * @param {string} [o.csrf] the site's token, for opening
   * @param {string} [o.device] what this browser calls itself
   */
  constructor({
    activity,
    source,
    csrf = "",
    device = "",
    base = "/api/v1/study",
    fetch = (...args) => globalThis.fetch(...args),
    now = () => performance.now(),
    random = Math.random,
    kept = new Kept(),
    locks = globalThis.navigator?.locks,
    page = globalThis.document,
    frame = globalThis.window,
  }) {
    super();
    Object.assign(this, { activity, source, csrf, device, base, now, random, kept, locks, page });
    this.fetch = fetch;
    this.post = this.post.bind(this);
    frame?.addEventListener("online", () => this.soon());
    frame?.addEventListener("offline", () => this.#reached(false));
    frame?.addEventListener("pagehide", () => this.#pageGoes());
    frame?.addEventListener("pageshow", (event) => {
      if (event.persisted && this.#line) this.#over("resting", null);
    });
    page?.addEventListener("visibilitychange", () => this.#visibility());
  }

  get hidden() {
    return this.page?.visibilityState === "hidden";
  }

  get mayPlay() {
    const unseen = this.hidden && this.info?.policy?.pause_hidden;
    return this.state === "live" && this.challenge === null && !unseen;
  }

  /** What was played and is not acknowledged yet, as spans. */
  get unsentSpans() {
    return this.#line?.open ?? [];
  }

  // -- requests

  async #request(path, { method = "POST", body, token, keepalive = false } = {}) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    else if (method !== "GET") headers["X-CSRF-Token"] = this.csrf;
    const abort = new AbortController();
    const timer = keepalive ? 0 : setTimeout(() => abort.abort(), TIMEOUT);
    let response;
    let data = null;
    try {
      response = await this.fetch(this.base + path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        keepalive,
        signal: abort.signal,
      });
      const json = /json/.test(response.headers.get("Content-Type") ?? "");
      if (json && response.status !== 204) data = await response.json();
    } catch (error) {
      throw new Unreached(error.message);
    } finally {
      clearTimeout(timer);
    }
    if (response.ok) return data;
    if (LATER.has(response.status)) {
      const wait = retryAfter(response.headers.get("Retry-After"));
      throw new Unreached(data?.detail ?? "", wait);
    }
    throw new Refused(response.status, data);
  }

  post(path, body, token) {
    return this.#request(path, { body, token });
  }

  // -- opening

  /** Where the learner stands, after what earlier pages left. Throws Refused or Unreached. */
  async look() {
    await this.#deliverKept();
    const query = new URLSearchParams({ activity: this.activity });
    this.#learn(await this.#request(`/state?${query}`, { method: "GET" }));
    return this.info;
  }

  #learn(info) {
    this.info = info;
    this.credit = info.credit;
    this.covered = union(info.covered);
    this.frontier = info.frontier;
    this.complete = info.complete ?? total(this.covered) >= info.length;
    this.#tell("covered");
    this.#tell("change");
  }

  /** Open a player, or go on with the one there is; whether playing may begin. */
  async wake() {
    if (this.state === "opening") return this.#opening;
    if (this.state === "paused") return this.resume();
    if (this.state === "live" || this.state === "waiting") return this.mayPlay;
    return this.open();
  }

  /** Open a player here; sessions on other devices and in other tabs end. */
  open() {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open() {
    this.#become("opening", null);
    for (;;) {
      try {
        await this.#deliverKept();
        const body = { activity: this.activity, device: this.device };
        const info = await this.#request("/players", { body });
        this.#opened(info);
        return this.mayPlay;
      } catch (error) {
        if (error instanceof Refused) {
          this.#become("refused", { code: error.code, text: error.message });
          return false;
        }
        if (!(error instanceof Unreached)) throw error;
        this.#reached(false);
        await this.#pause(this.#backOff(error.after));
        if (this.state !== "opening") return false;
      }
    }
  }

  #opened(info) {
    const { post, kept } = this;
    this.#line = new Line({ token: info.player, activity: this.activity, seq: info.seq, post, kept });
    this.#hold(this.#line);
    this.source.take(); // what was played before belongs to no player
    this.#heardAt = this.#stillSince = this.now();
    this.#nextAt = this.now() + info.beat_every * 1000;
    this.#reached(true);
    this.#become(info.state ?? "live", info.reason ?? null);
    this.#learn(info);
    this.#challenged(info.challenge);
    if (!this.#timer) this.#timer = setInterval(() => this.tick(), TICK);
  }

  /* What earlier pages could not send any more. A refusal means that its time is over. A line that
     another tab holds is that tab's. */
  async #deliverKept() {
    for (const record of await this.kept.all()) {
      const deliver = () => this.#deliverLine(Line.restored(record, this.post, this.kept));
      const name = `modou-study-${record.token}`;
      if (!this.locks) await deliver();
      else await this.locks.request(name, { ifAvailable: true }, (lock) => lock && deliver());
    }
  }

  async #deliverLine(line) {
    const state = { position: 0, rate: 1, playing: false, visible: true };
    try {
      while (line.pending) await line.deliver(state);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    await line.forget();
  }

  /* As long as this page lives, the line is its own. */
  #hold(line) {
    this.locks?.request(`modou-study-${line.token}`, () => new Promise((done) => {
      line.release = done;
    }));
  }

  // -- beating

  /** Once a second: gather, keep, send what is due, stop when nobody answers. */
  tick() {
    const line = this.#line;
    if (!line) return;
    const now = this.now();
    const { playing } = this.source.state();
    line.gather(this.source.take());
    if (playing) {
      this.#stillSince = now;
      this.wasHidden = false;
    }
    if (line.pending && now - this.#savedAt >= SAVE_EVERY) {
      this.#savedAt = now;
      line.save();
    }
    if (this.state === "live" && now - this.#heardAt > UNHEARD && (playing || line.pending)) {
      this.#reached(false);
      this.#become("waiting", { code: "line", text: "" });
      this.#tell("halt");
    }
    if (now - this.#stillSince > LEAVES_AFTER && !line.pending) {
      this.leave();
    } else if (now >= this.#nextAt) this.#send();
  }

  /** Send what there is now rather than at the next beat. */
  soon() {
    if (!this.#line) return;
    this.#nextAt = 0;
    this.tick();
  }

  async #send() {
    if (this.#sending) return;
    const line = this.#line;
    const begun = this.now();
    this.#sending = true;
    try {
      const answer = await line.deliver({ visible: !this.hidden, ...this.source.state(), ...this.#once });
      this.#once = null;
      if (line !== this.#line) return;
      this.#failures = 0;
      this.#heardAt = this.now();
      this.#nextAt = begun + (answer.next ?? this.info.beat_every) * 1000;
      this.#take(answer, line.takeAccepted());
      this.#reached(true);
    } catch (error) {
      if (line !== this.#line) return;
      if (error instanceof Unreached) {
        this.#nextAt = this.now() + this.#backOff(error.after) * 1000;
        this.#reached(false);
      } else if (error instanceof Refused) this.#refused(error);
      else throw error;
    } finally {
      this.#sending = false;
    }
  }

  #backOff(asked) {
    this.#failures += 1;
    const own = Math.min(LONGEST_WAIT, 2 ** (this.#failures - 1)) * (0.5 + this.random() / 2);
    return Math.max(own, asked * (1 + this.random() / 5));
  }

  #pause(seconds) {
    return new Promise((resolve) => {
      setTimeout(resolve, seconds * 1000);
    });
  }

  /* An answer to a beat, to a challenge, to resuming. */
  #take(answer, spans) {
    this.credit = answer.credit;
    this.frontier = answer.frontier;
    this.complete = answer.complete || this.complete;
    if (answer.covered) this.covered = union(answer.covered);
    else if (spans.length && answer.position === null) {
      const whole = spans.map(([a, b]) => [Math.floor(a), Math.floor(b)]);
      this.covered = union(this.covered, whole);
    }
    this.#tell("covered");
    if (answer.state === "ended") {
      this.#ended(answer.reason);
      return;
    }
    const was = this.state;
    if (answer.state === "paused") {
      this.#become("paused", answer.reason);
      if (was !== "paused") this.#tell("halt");
    } else this.#become("live", null);
    this.#challenged(answer.challenge);
    if (answer.position !== null && answer.position !== undefined) {
      this.target = answer.position;
      this.#tell("position");
    }
    if (was === "waiting" && this.mayPlay) this.#tell("go");
  }

  #refused(error) {
    if (error.status === 410) this.#ended(error.problem.reason ?? { code: error.code });
    else if (error.status === 403) this.#over("refused", { code: error.code, text: error.message });
    else this.#again();
  }

  /* The player is not known any more, or the numbers do not agree: begin anew, not for ever. */
  #again() {
    const now = this.now();
    this.#reopened = this.#reopened.filter((at) => now - at < 60000);
    this.#reopened.push(now);
    const wanted = this.source.state().playing || this.state === "waiting";
    this.#over("resting", null);
    if (this.#reopened.length > 3) this.#become("refused", { code: "confused", text: "" });
    else if (wanted) this.open().then((may) => may && this.#tell("go"));
  }

  #ended(reason) {
    const known = typeof reason === "string" ? { code: reason, text: "" } : reason;
    const { playing } = this.source.state();
    if (HARMLESS.has(known?.code) && (playing || this.state === "waiting")) this.#again();
    else if (HARMLESS.has(known?.code)) this.#over("resting", null);
    else this.#over("ended", known);
  }

  #over(state, reason) {
    this.#line?.release?.();
    this.#line?.forget();
    this.#line = null;
    this.#nextAt = Infinity;
    this.#challenged(null);
    this.#become(state, reason);
    this.#tell("halt");
  }

  // -- what the learner does

  /** Go on after a pause of the server's. */
  async resume() {
    return this.#ask("/resume", {});
  }

  /** Answer the open challenge; whether playing may go on. */
  async answer(answer) {
    const { challenge } = this;
    if (!challenge) return this.mayPlay;
    const may = await this.#ask("/answers", { challenge: challenge.id, answer });
    if (may && this.challenge === null) this.#tell("go");
    return may;
  }

  async #ask(path, body) {
    const line = this.#line;
    if (!line) return this.open();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      try {
        const answer = await this.post(path, body, line.token);
        this.#heardAt = this.now();
        this.#failures = 0;
        this.#reached(true);
        this.#take(answer, []);
        return this.mayPlay;
      } catch (error) {
        if (error instanceof Refused) {
          this.#refused(error);
          return false;
        }
        if (!(error instanceof Unreached)) throw error;
        this.#reached(false);
        await this.#pause(this.#backOff(error.after));
      }
    }
    return false;
  }

  /** End the session; playing opens another. */
  leave() {
    const line = this.#line;
    if (!line) return;
    this.#request("/leave", { body: {}, token: line.token }).catch(() => {});
    this.#over("resting", null);
  }

  /* The session goes on for a minute: a reload and the next lesson continue it. */
  #pageGoes() {
    const line = this.#line;
    if (!line) return;
    line.gather(this.source.take());
    const { token } = line;
    const body = {};
    if (line.pending) {
      body.beat = line.last({ visible: true, ...this.source.state(), playing: false });
      line.save();
    }
    const left = this.#request("/leave", { body, token, keepalive: true });
    // Where the browser keeps the page for coming back, its player is over all the same.
    left.then(() => line === this.#line && this.#over("resting", null)).catch(() => {});
  }

  #visibility() {
    const line = this.#line;
    if (!line || !this.info.policy?.pause_hidden) return;
    if (this.hidden && this.source.state().playing) {
      line.gather(this.source.take());
      this.#once = { visible: true }; // what was played, was played while it could be seen
      this.wasHidden = true;
      this.#tell("halt");
      this.#tell("change");
      this.soon();
    } else if (!this.hidden) this.soon();
  }

  // -- telling

  #challenged(challenge) {
    const next = challenge ?? null;
    if ((next?.id ?? null) === (this.challenge?.id ?? null)) return;
    this.challenge = next;
    if (next) this.#tell("halt");
    this.#tell("challenge");
  }

  #become(state, reason) {
    this.state = state;
    this.reason = reason;
    this.#tell("change");
  }

  #reached(yes) {
    if (yes) this.#failures = 0;
    if (yes === this.reachable) return;
    this.reachable = yes;
    this.#tell("change");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
