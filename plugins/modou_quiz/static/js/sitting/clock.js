/* The server's clock in the browser. The device's own clock is never asked: only how much time has
   passed since the server said what time it is, and the answer that came back quickest is believed
   most. A device that slept is told anew. */

export class ServerClock {
  #offset = 0;
  #trip = Infinity;
  #at = 0;

  /**
   * @param {number} said milliseconds UTC by the server when the page was made
   * @param {() => number} passed a clock that nobody can set, in milliseconds
   * @param {number} at when the page came, by that clock
   */
  constructor(said, passed = () => performance.now(), at = passed()) {
    this.passed = passed;
    this.#at = at;
    this.#offset = said - this.#at;
  }

  /** The server said `said` in an answer to a request that was sent at `sent` (of `passed`). */
  hear(said, sent) {
    const now = this.passed();
    const trip = now - sent;
    // What was heard long ago is worth less: clocks of devices drift.
    const doubt = this.#trip + (now - this.#at) / 100;
    const offset = said - (sent + trip / 2);
    // Farther away than any way there and back explains: the device slept.
    const jumped = Math.abs(offset - this.#offset) > trip + this.#trip + 2000;
    if (trip > doubt && !jumped) return;
    this.#offset = offset;
    this.#trip = trip;
    this.#at = now;
  }

  /** Milliseconds UTC by the server's clock. */
  now() {
    return this.passed() + this.#offset;
  }
}

/** "1:02:03", "12:34". */
export function shown(milliseconds) {
  const whole = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
