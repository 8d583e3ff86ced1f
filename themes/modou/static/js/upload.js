/* Files sent in pieces before their form, by tus; the markup is macros/upload.jinja2.

   A file becomes an item of the list at once; when all of it is there the item holds a hidden input
   that names the upload, and the form can be sent. What was interrupted is remembered by the
   browser (fingerprint: who, what for, which page, which file) and goes on from where it was when
   the same file is chosen again, or by itself when only the network was away. */

import "../vendor/tus/tus.min.js";
import { announce, csrfToken } from "./http.js";

const { tus } = window;
const known = new WeakSet();

// Waits before another try; after progress they begin anew. Together some ten minutes.
const RETRIES = [0, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 60000, 120000, 120000, 180000];
// What another try may mend: no answer, conflict, locked, damaged piece, too many, server away.
const PASSING = new Set([0, 408, 409, 423, 429, 460, 500, 502, 503, 504]);
const LEAST_PIECE = 512 * 1024;
const PIECE_SECONDS = 6; // what a broken line costs at most
const SPOKEN = 25; // per cent between two announcements

export function enhance(root) {
  for (const box of root.querySelectorAll("[data-upload]")) {
    if (known.has(box)) continue;
    known.add(box);
    new Box(box);
  }
}

const fill = (text, values) =>
  Object.entries(values).reduce((all, [name, value]) => all.replace(`\${${name}}`, value), text);

function size(bytes) {
  const language = document.documentElement.lang || undefined;
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit < 2 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${units[unit]}`;
}

function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] ? `${parts[0]}:${minutes}:${rest}` : `${parts[1]}:${rest}`;
}

const keyOf = (url) => url.replace(/\/+$/, "").split("/").at(-1);

class Box {
  constructor(box) {
    this.box = box;
    this.offer = JSON.parse(box.dataset.upload);
    this.texts = this.offer.texts;
    this.input = box.querySelector('input[type="file"]');
    this.list = box.querySelector(".upload-list");
    this.hold = box.querySelector(".upload-hold");
    this.form = this.input.form;
    this.items = [];
    this.held = null;
    this.prefix = `modou:${this.offer.scope}:${location.pathname}:${this.offer.name}:`;
    // The browser itself must not send the file with the form.
    this.input.removeAttribute("name");
    this.input.required = false;
    box.classList.add("is-ready");
    box.querySelector(".upload-choose").hidden = false;
    const hint = box.querySelector(".upload-hint");
    hint.hidden = false;
    const limit = fill(this.texts.limit, { size: size(this.offer.limit) });
    hint.textContent = `${this.texts.drop} · ${limit}`;
    for (const sent of JSON.parse(box.dataset.sent)) this.add(new Item(this, sent)).finish(sent.key);
    this.listen();
    this.recall();
  }

  listen() {
    const drop = this.box.querySelector(".upload-drop");
    this.input.addEventListener("change", () => {
      this.choose([...this.input.files]);
      this.input.value = "";
    });
    let depth = 0;
    drop.addEventListener("dragenter", (event) => {
      event.preventDefault();
      depth += 1;
      drop.classList.add("is-over");
    });
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("dragleave", () => {
      depth -= 1;
      if (!depth) drop.classList.remove("is-over");
    });
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      drop.classList.remove("is-over");
      this.choose([...event.dataTransfer.files]);
    });
    this.form?.addEventListener("submit", (event) => {
      if (event.defaultPrevented || !this.busy()) return;
      event.preventDefault();
      this.held = { button: event.submitter };
      this.hold.hidden = false;
      announce(this.texts.hold);
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.items.some((item) => item.state === "sending")) event.preventDefault();
    });
    window.addEventListener("online", () => {
      for (const item of this.items) if (item.state === "broken") item.start();
    });
  }

  busy() {
    return this.items.some((item) => ["waiting", "sending", "paused", "broken"].includes(item.state));
  }

  /* What a reload interrupted: finished uploads come back, the others say where they were. */
  async recall() {
    const all = await tus.defaultOptions.urlStorage.findAllUploads();
    for (const entry of all) {
      if (!entry.urlStorageKey?.startsWith(`tus::${this.prefix}`)) continue;
      const key = keyOf(entry.uploadUrl ?? "");
      if (this.items.some((item) => item.key === key)) continue;
      const response = await fetch(entry.uploadUrl, {
        method: "HEAD",
        headers: { "Tus-Resumable": "1.0.0" },
      }).catch(() => null);
      if (!response) continue;
      if (!response.ok) {
        if (response.status === 404) {
          await tus.defaultOptions.urlStorage.removeUpload(entry.urlStorageKey);
        }
        continue;
      }
      if (!this.offer.several && this.items.length) continue;
      const offset = Number(response.headers.get("Upload-Offset"));
      const item = this.add(
        new Item(this, { name: entry.metadata?.filename ?? key, size: entry.size }),
      );
      item.entry = entry;
      if (offset === entry.size) item.finish(key);
      else item.interrupted(offset);
    }
  }

  choose(files) {
    const chosen = this.offer.several ? files : files.slice(0, 1);
    for (const file of chosen) {
      const waiting = this.items.find(
        (item) => item.state === "interrupted" && item.name === file.name && item.size === file.size,
      );
      waiting?.remove();
      if (!this.offer.several) for (const item of [...this.items]) item.cancel();
      this.add(new Item(this, { name: file.name, size: file.size, file })).begin();
    }
  }

  add(item) {
    this.items.push(item);
    this.list.append(item.element);
    this.list.hidden = false;
    return item;
  }

  forget(item) {
    this.items = this.items.filter((other) => other !== item);
    this.list.hidden = !this.items.length;
    this.changed();
  }

  /* Something ended: a form that waited for it is sent, unless something failed. */
  changed() {
    if (!this.held || this.busy()) return;
    const { button } = this.held;
    this.held = null;
    this.hold.hidden = true;
    if (this.items.some((item) => item.state === "failed")) return;
    this.form.requestSubmit(button?.isConnected ? button : undefined);
  }
}

class Item {
  constructor(box, { name, size: bytes, file = null }) {
    this.box = box;
    this.texts = box.texts;
    this.name = name;
    this.size = bytes;
    this.file = file;
    this.key = null;
    this.entry = null;
    this.upload = null;
    this.spoken = 0;
    this.element = this.draw();
  }

  draw() {
    const item = document.createElement("li");
    item.className = "upload-item";
    const part = (tag, name) => {
      const element = document.createElement(tag);
      element.className = name;
      item.append(element);
      return element;
    };
    part("p", "upload-name").textContent = this.name;
    this.buttons = part("div", "upload-buttons");
    const bar = part("span", "ink-progress");
    this.progress = document.createElement("progress");
    this.progress.max = this.size || 1;
    this.progress.value = 0;
    this.progress.setAttribute("aria-label", this.name);
    this.percentText = document.createElement("span");
    this.percentText.className = "ink-progress-text";
    bar.append(this.progress, this.percentText);
    this.line = part("p", "upload-state");
    this.error = part("p", "upload-error");
    this.error.setAttribute("role", "alert");
    this.hidden = document.createElement("input");
    this.hidden.type = "hidden";
    return item;
  }

  /* Show a state: its line, and the buttons that make sense in it. */
  become(state, line = "", actions = []) {
    const focused = this.buttons.contains(document.activeElement);
    this.state = state;
    this.element.dataset.state = state;
    this.line.textContent = line;
    this.error.textContent = "";
    this.buttons.replaceChildren(
      ...actions.map(([text, act]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-quiet btn-sm";
        button.textContent = text;
        button.setAttribute("aria-label", `${text}: ${this.name}`);
        button.addEventListener("click", act);
        return button;
      }),
    );
    if (focused) this.buttons.querySelector("button")?.focus();
  }

  show(done) {
    const percent = Math.floor((done / (this.size || 1)) * 100);
    this.progress.value = done;
    this.progress.toggleAttribute("data-complete", done >= this.size);
    this.percentText.textContent = `${percent} %`;
    return percent;
  }

  begin() {
    const { limit } = this.box.offer;
    if (!this.size) return this.fail(this.texts.empty);
    if (this.size > limit) {
      return this.fail(fill(this.texts.too_large, { size: size(this.size), limit: size(limit) }));
    }
    announce(fill(this.texts.say_begun, { name: this.name }));
    return this.start();
  }

  async start() {
    this.become("waiting", this.texts.waiting, [[this.texts.cancel, () => this.cancel()]]);
    this.samples = [];
    if (!this.upload) {
      this.upload = this.make();
      const [previous] = (await this.upload.findPreviousUploads()).sort(
        (a, b) => new Date(b.creationTime) - new Date(a.creationTime),
      );
      if (this.state !== "waiting") return;
      if (previous) this.upload.resumeFromPreviousUpload(previous);
    }
    this.upload.start();
  }

  make() {
    const { endpoint, ticket, piece } = this.box.offer;
    const { name, lastModified } = this.file;
    return new tus.Upload(this.file, {
      endpoint,
      chunkSize: Math.min(piece, 4 * LEAST_PIECE),
      retryDelays: RETRIES,
      metadata: { filename: name, ticket },
      headers: { "X-CSRF-Token": csrfToken(), Accept: "application/json" },
      fingerprint: async () => `${this.box.prefix}${name}:${this.size}:${lastModified}`,
      onShouldRetry: (error) => PASSING.has(error.originalResponse?.getStatus() ?? 0),
      onProgress: (done) => this.sending(done),
      onChunkComplete: (bytes) => this.adapt(bytes),
      onSuccess: () => this.succeed(),
      onError: (error) => this.refuse(error),
    });
  }

  sending(done) {
    if (this.state === "paused") return;
    const now = performance.now();
    this.samples.push([now, done]);
    while (this.samples.length > 2 && now - this.samples[0][0] > 8000) this.samples.shift();
    if (this.state !== "sending") {
      this.become("sending", "", [
        [this.texts.pause, () => this.pause()],
        [this.texts.cancel, () => this.cancel()],
      ]);
    }
    const percent = this.show(done);
    const [[began, from]] = this.samples;
    const speed = now > began ? ((done - from) / (now - began)) * 1000 : 0;
    const parts = [fill(this.texts.sending, { done: size(done), size: size(this.size) })];
    if (done >= this.size) parts.splice(0, 1, this.texts.checking);
    else if (speed > 0 && now - began > 400) {
      parts.push(fill(this.texts.speed, { speed: size(speed) }));
      parts.push(fill(this.texts.left, { time: duration((this.size - done) / speed) }));
    }
    this.line.textContent = parts.join(" · ");
    if (percent >= this.spoken + SPOKEN && percent < 100) {
      this.spoken = percent - (percent % SPOKEN);
      announce(fill(this.texts.say_percent, { name: this.name, percent }));
    }
  }

  /* Pieces as large as the line brings in some seconds, so that a broken line costs little. */
  adapt(bytes) {
    const now = performance.now();
    if (this.pieceEnded && bytes >= LEAST_PIECE) {
      const aim = (bytes / (now - this.pieceEnded)) * 1000 * PIECE_SECONDS;
      this.upload.options.chunkSize = Math.round(
        Math.min(this.box.offer.piece, Math.max(LEAST_PIECE, aim)),
      );
    }
    this.pieceEnded = now;
  }

  pause() {
    this.pieceEnded = null;
    const percent = this.show(this.progress.value);
    this.become("paused", fill(this.texts.paused, { percent }), [
      [this.texts.resume, () => this.start()],
      [this.texts.cancel, () => this.cancel()],
    ]);
    this.upload.abort();
  }

  interrupted(offset) {
    const percent = this.show(offset);
    this.become("interrupted", fill(this.texts.interrupted, { percent }), [
      [this.texts.again, () => this.box.input.click()],
      [this.texts.remove, () => this.discard()],
    ]);
  }

  succeed() {
    this.finish(keyOf(this.upload.url));
    announce(fill(this.texts.say_done, { name: this.name }));
    this.box.changed();
  }

  finish(key) {
    this.key = key;
    this.show(this.size);
    this.become("done", fill(this.texts.done, { size: size(this.size) }), [
      [this.texts.remove, () => (this.upload ? this.cancel() : this.discard())],
    ]);
    this.hidden.name = this.box.offer.name;
    this.hidden.value = `upload:${key}`;
    this.element.append(this.hidden);
  }

  refuse(error) {
    const response = error.originalResponse;
    if (!response && this.upload.url) {
      this.become("broken", this.texts.broken, [
        [this.texts.retry, () => this.start()],
        [this.texts.cancel, () => this.cancel()],
      ]);
      return;
    }
    let detail = "";
    try {
      detail = JSON.parse(response.getBody()).detail ?? "";
    } catch {
      // No problem JSON: a proxy's own page.
    }
    this.fail(detail || this.texts.failed, PASSING.has(response?.getStatus() ?? 0));
  }

  fail(reason, again = false) {
    const actions = [[this.texts.remove, () => this.cancel()]];
    if (again) actions.unshift([this.texts.retry, () => this.start()]);
    this.become("failed", "", actions);
    this.error.textContent = reason;
    this.box.changed();
  }

  /* Stop, delete on the server, forget. */
  cancel() {
    const upload = this.upload;
    this.remove();
    // What the server does not know any more is gone as well.
    upload?.abort(Boolean(upload.url)).catch(() => {});
  }

  /* The same for what an earlier page sent. */
  discard() {
    const { endpoint } = this.box.offer;
    const url = this.entry?.uploadUrl ?? `${endpoint}/${this.key}`;
    this.remove();
    fetch(url, {
      method: "DELETE",
      headers: { "Tus-Resumable": "1.0.0", "X-CSRF-Token": csrfToken() },
    }).catch(() => {});
    if (this.entry) tus.defaultOptions.urlStorage.removeUpload(this.entry.urlStorageKey);
  }

  remove() {
    const focused = this.element.contains(document.activeElement);
    this.state = "removed";
    this.element.remove();
    this.box.forget(this);
    if (focused) this.box.input.focus();
  }
}
