/* Where the media of a lesson lie: signed addresses, which the server gives for what may be seen. */

const SPACING = 2000; // ms between two questions for the same
const LATER = 5000; // ms until the server is asked again, unless the frontier moves before
// ms that an address is used. It is good for some 15 minutes, at least half of that when it is given;
// when it ends is not compared with the clock of this device, which may be wrong.
const GOOD = 400000;

export class Addresses {
  #asked = 0;
  #asking = null;
  #urls = new Map();

  /** @param {string} url of the lesson's media; `study` tells when the frontier moved. */
  constructor(url, study) {
    Object.assign(this, { url, study, data: null });
  }

  /** Ask for what is allowed from second `from` on. */
  load(from = 0) {
    this.#asking ??= this.#load(from).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #load(from) {
    const wait = this.#asked + SPACING - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    this.#asked = Date.now();
    const query = new URLSearchParams({ from: Math.floor(from) });
    if (this.study.info.version) query.set("version", this.study.info.version);
    const response = await fetch(`${this.url}?${query}`, {
      credentials: "same-origin",
      headers: { Accept: "application/json" },
    });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new Error(problem.detail || problem.title || String(response.status));
    }
    const data = await response.json();
    const at = performance.now();
    for (const { name, first, urls, init } of data.renditions) {
      urls.forEach((address, i) => this.#urls.set(`${name}/${first + i}`, { address, at }));
      this.#urls.set(`${name}/init`, { address: init, at });
    }
    // Durations and the like come with the first answer only.
    this.data ??= { ...data, pages: [] };
    this.data.until = data.until;
    this.data.thumbnails = data.thumbnails;
    const known = new Map(this.data.pages.map((page) => [page.n, page]));
    for (const page of data.pages) known.set(page.n, { ...page, at });
    this.data.pages = [...known.values()].sort((a, b) => a.n - b.n);
    return data;
  }

  #good(found) {
    return found !== undefined && performance.now() - found.at < GOOD;
  }

  /**
   * The address of a segment (number, or "init"), as soon as it may be seen.
   * @param {number} start where it begins, in seconds
   */
  async segment(rendition, number, start, signal) {
    const name = `${rendition}/${number}`;
    while (!signal.aborted) {
      if (this.#good(this.#urls.get(name))) return this.#urls.get(name).address;
      try {
        await this.load(start);
      } catch {
        await this.#change(signal); // the line is down, or the server busy
        continue;
      }
      if (!this.#good(this.#urls.get(name))) await this.#change(signal);
    }
    throw new DOMException("aborted", "AbortError");
  }

  /** Make the next question for an address a new one: the server refused it. */
  distrust() {
    this.#urls.clear();
  }

  /** A page of a document, when it may be seen; null otherwise. */
  async page(n, start) {
    const found = () => this.data.pages.find((page) => page.n === n);
    if (!this.#good(found())) await this.load(start);
    return found() ?? null;
  }

  #change(signal) {
    return new Promise((resolve) => {
      const timer = setTimeout(done, LATER);
      const { study } = this;
      function done() {
        clearTimeout(timer);
        study.removeEventListener("covered", done);
        resolve();
      }
      study.addEventListener("covered", done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
