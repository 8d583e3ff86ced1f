/* What was really played: spans of a timeline, in seconds, measured from a clock and a position. */

/** Spans [a, b] in order and apart from each other; what overlaps or touches becomes one. */
export function union(...lists) {
  const all = lists.flat().filter(([a, b]) => b > a).sort((x, y) => x[0] - y[0]);
  const out = [];
  for (const [a, b] of all) {
    const last = out[out.length - 1];
    if (last && a <= last[1] + 0.001) last[1] = Math.max(last[1], b);
    else out.push([a, b]);
  }
  return out;
}

/** Length of all spans together. */
export function total(spans) {
  return spans.reduce((sum, [a, b]) => sum + b - a, 0);
}

/** The part of `spans` between `from` and `to`. */
export function within(spans, from, to) {
  return spans
    .map(([a, b]) => [Math.max(a, from), Math.min(b, to)])
    .filter(([a, b]) => b > a);
}

/** The last `seconds` of spans, as spans. */
export function tail(spans, seconds) {
  const out = [];
  for (let i = spans.length - 1; i >= 0 && seconds > 0; i -= 1) {
    const [a, b] = spans[i];
    out.unshift([Math.max(a, b - seconds), b]);
    seconds -= b - a;
  }
  return out;
}

/** The first second from `from` on that `spans` lack; `to` when they lack none. */
export function firstGap(spans, from, to) {
  let at = from;
  for (const [a, b] of union(spans)) {
    if (a > at) break;
    at = Math.max(at, b);
  }
  return Math.min(at, to);
}

/** Seconds as they are sent: milliseconds are enough. */
export function rounded(spans) {
  return spans.map(([a, b]) => [Math.round(a * 1000) / 1000, Math.round(b * 1000) / 1000]);
}

// A position may be this much ahead of clock × speed before it counts as a jump: media elements
// report their position late, and late by different amounts.
const SLACK = 0.75;

/**
 * Follows a position (of a media element, of a page) and keeps what was passed at playing speed.
 * Jumps begin a new span; what was jumped over is in none.
 */
export class SpanMeter {
  #spans = [];
  #from = null;
  #position = 0;
  #at = 0;

  /** Playing goes on from `position` (s) at clock `now` (ms). */
  start(position, now) {
    this.stop();
    this.#from = position;
    this.#position = position;
    this.#at = now;
  }

  /** The position now; `rate` is the speed since the last sample. */
  sample(position, now, rate = 1) {
    if (this.#from === null) return;
    const moved = position - this.#position;
    const possible = ((now - this.#at) / 1000) * rate + SLACK;
    if (moved < 0 || moved > possible) this.start(position, now);
    else {
      this.#position = position;
      this.#at = now;
    }
  }

  /** Playing stopped at the position of the last sample. */
  stop() {
    if (this.#from !== null && this.#position > this.#from) {
      this.#spans = union(this.#spans, [[this.#from, this.#position]]);
    }
    this.#from = null;
  }

  get running() {
    return this.#from !== null;
  }

  /** What was played since the last time; the span that goes on is cut here. */
  take() {
    if (this.#from !== null && this.#position > this.#from) {
      this.#spans = union(this.#spans, [[this.#from, this.#position]]);
      this.#from = this.#position;
    }
    const taken = this.#spans;
    this.#spans = [];
    return taken;
  }
}
