/* What the server has not acknowledged (beats, answers), kept over reloads in the browser's database.
   Without one (private windows of some browsers) it is kept in memory only. */

const NAME = "modou-study";
const STORE = "lines";

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Records {token, saved, ...}: of study time one for each player, with activity, seq, unacked, probe
    and gathered. Others use a database of their own: `name`. */
export class Kept {
  #opened = null;
  #memory = new Map();

  constructor(factory = globalThis.indexedDB, name = NAME) {
    this.factory = factory;
    this.name = name;
  }

  async #store(mode) {
    this.#opened ??= new Promise((resolve, reject) => {
      const request = this.factory.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "token" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return (await this.#opened).transaction(STORE, mode).objectStore(STORE);
  }

  async #try(mode, work, instead) {
    if (!this.factory) return instead();
    try {
      return await asked(work(await this.#store(mode)));
    } catch {
      this.factory = null;
      return instead();
    }
  }

  put(record) {
    return this.#try("readwrite", (store) => store.put(record), () => {
      this.#memory.set(record.token, record);
    });
  }

  drop(token) {
    return this.#try("readwrite", (store) => store.delete(token), () => {
      this.#memory.delete(token);
    });
  }

  /** All records, the oldest first. */
  async all() {
    const found = await this.#try("readonly", (store) => store.getAll(), () => [
      ...this.#memory.values(),
    ]);
    return found.sort((a, b) => a.saved - b.saved);
  }
}
