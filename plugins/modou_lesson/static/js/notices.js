/* The states of studying in words: a panel over the picture when it stands still for a reason, a
   slim line below it when it plays on with something to know. */

import { clock, fill } from "./format.js";

/* What a state says and offers: [key of its words, name of its action]. */
function stateOf(study) {
  const code = study.reason?.code ?? "";
  switch (study.state) {
    case "opening":
      return study.reachable ? null : ["connecting", ""];
    case "waiting":
      return ["waiting", ""];
    case "paused":
      return [code || "paused", "go"];
    case "ended":
      return [code || "ended", code === "replaced" ? "reload" : code === "signed_out" ? "sign_in" : "go"];
    case "refused":
      return [code || "refused", "go"];
    default:
      return study.wasHidden ? ["hidden", "go"] : null;
  }
}

export class Notices {
  player = null;
  #failure = null;
  #shown = "";
  #moment = 0;

  constructor(root, study, { texts, config, retry }) {
    Object.assign(this, { root, study, texts, config, retry });
    this.panel = root.querySelector("[data-panel]");
    this.bar = root.querySelector("[data-bar]");
    this.live = root.querySelector("[data-live]");
    this.stage = root.querySelector("[data-stage]");
    this.button = this.panel.querySelector("[data-panel-action]");
    this.button.addEventListener("click", () => this.#act());
    study.addEventListener("change", () => this.draw());
    study.addEventListener("challenge", () => this.draw());
    study.addEventListener("position", () => {
      this.say(fill(texts.bar.back, { time: clock(study.target) }));
    });
  }

  /** Something that only this page knows: words by key, more text, and a way on. */
  failed(key, detail = "", action = "retry") {
    this.#failure = [key, action, detail];
    this.draw();
  }

  mended() {
    this.#failure = null;
    this.draw();
  }

  /** A sentence below the picture for a few seconds. */
  say(text) {
    clearTimeout(this.#moment);
    this.#line(text, "");
    this.#moment = setTimeout(() => {
      this.#moment = 0;
      this.draw();
    }, 8000);
  }

  draw() {
    const { study, texts } = this;
    const found = this.#failure ?? stateOf(study);
    if (found) this.#open(...found);
    else {
      this.panel.hidden = true;
      this.#shown = "";
    }
    this.stage.classList.toggle("has-panel", Boolean(found));
    if (this.#moment) return;
    if (!study.reachable && study.state === "live") this.#line(texts.bar.offline, "attention");
    else if (study.state === "live" && study.reason?.text) this.#line(study.reason.text, "attention");
    else this.#line("", "");
  }

  #open(key, action, detail = "") {
    const { texts, study, panel } = this;
    const words = texts.panel[key] ?? texts.panel[study.state] ?? texts.panel.refused;
    // The server's sentence knows more than ours: until when, which limit.
    const text = detail || study.reason?.text || words.text;
    const label = texts.action[words.action ?? action] ?? texts.action[action] ?? "";
    const shown = JSON.stringify([key, text, label]);
    panel.dataset.tone = words.tone ?? "calm";
    panel.querySelector("[data-panel-title]").textContent = words.title;
    panel.querySelector("[data-panel-text]").textContent = text;
    this.button.hidden = !label;
    this.button.textContent = label;
    this.action = action;
    panel.hidden = false;
    if (shown !== this.#shown) this.#speak(`${words.title}. ${text}`);
    this.#shown = shown;
  }

  #line(text, tone) {
    if (this.bar.textContent !== text) {
      this.bar.textContent = text;
      if (text) this.#speak(text);
    }
    this.bar.dataset.tone = tone;
    this.bar.hidden = !text;
  }

  #speak(text) {
    this.live.textContent = "";
    requestAnimationFrame(() => {
      this.live.textContent = text;
    });
  }

  #act() {
    if (this.#failure) {
      const [, action] = this.#failure;
      if (action === "retry") this.retry();
      else {
        this.mended();
        this.player?.go();
      }
    } else if (this.action === "reload") location.reload();
    else if (this.action === "sign_in") location.assign(this.config.sign_in);
    else this.player?.go();
  }
}
