/* Video and audio: video.js with hls.js behind it, under the rules of studying.

   The rules here are courtesy: they keep honest learners from losing their way. What counts, and
   which media may be fetched, the server decides. */

import { clock, fill } from "./format.js";
import { InkLine } from "./inkline.js";
import { makeHls, supported } from "./segments.js";
import { previews } from "./thumbnails.js";
import { markWith } from "./watermark.js";

const TYPE = "application/x-modou-segments";
const STEP = 5; // s that an arrow key goes
const RATES = [0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4];
const AHEAD = 1; // s beyond the frontier that are no leap

function classic(src) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = resolve;
    script.onerror = () => reject(new Error(src));
    document.head.append(script);
  });
}

async function videojs({ config }) {
  // Its own <style> elements are against the content security policy; the page's style sheet does it.
  window.VIDEOJS_NO_DYNAMIC_STYLE = true;
  await classic(config.vendor.video);
  const { videojs: made } = window;
  if (config.locale === "zh_CN") {
    const words = await fetch(config.vendor.words).then((response) => response.json());
    made.addLanguage("zh-CN", words);
  }
  return made;
}

export async function build(given) {
  const [library, { default: Hls }] = await Promise.all([
    videojs(given),
    import(given.config.vendor.hls),
  ]);
  const film = new Film(given, library, Hls);
  await film.prepare();
  return film;
}

class Film {
  #wanted = false;
  #reach = 0;
  #reloads = 0;

  constructor(given, library, Hls) {
    Object.assign(this, given, { library, Hls });
    const { SpanMeter } = this.arithmetic;
    this.meter = new SpanMeter();
    this.media = this.stage.querySelector("video, audio");
    this.#reach = this.study.frontier;
  }

  // -- what the study client asks of a source

  take() {
    this.#sample();
    return this.meter.take();
  }

  state() {
    const { media } = this;
    const playing = !media.paused && !media.ended && !media.seeking && media.readyState > 2;
    return { position: media.currentTime, rate: media.playbackRate, playing };
  }

  /** The learner wants to play (on): open or resume, then play. */
  async go() {
    this.#wanted = true;
    if (await this.study.wake()) {
      this.#limitRate();
      if (this.#wanted) this.#play();
    }
  }

  #play() {
    const started = this.media.play();
    started?.catch(() => {}); // the browser wants a press first: the button is there
    // The button that was pressed is gone: the keys go on working from the one that stays.
    const { activeElement: here } = document;
    const was = ".vjs-big-play-button, .vjs-tech, [data-panel-action]";
    const gone = here === document.body || here?.matches(was);
    if (gone) this.player.controlBar.playToggle.focus();
  }

  #halt() {
    this.#wanted = !this.media.paused;
    this.media.pause();
  }

  // -- building

  async prepare() {
    const { study, addresses, config, library } = this;
    const { data } = addresses;
    const { policy } = study.info;
    this.#registerSource();
    library.use("*", () => ({
      setSource: (source, next) => next(null, source),
      setCurrentTime: (seconds) => Math.min(seconds, this.limit),
      callPlay: () => {
        if (study.mayPlay && !this.blocked) return undefined;
        this.go();
        return library.middleware.TERMINATOR;
      },
    }));
    const audio = this.media.nodeName === "AUDIO";
    this.player = library(this.media, {
      language: config.locale === "zh_CN" ? "zh-CN" : "en",
      controls: true,
      preload: "auto",
      poster: audio ? "" : (data.poster ?? ""),
      experimentalSvgIcons: true,
      disablePictureInPicture: !policy.picture_in_picture && !study.preview,
      enableDocumentPictureInPicture: false,
      inactivityTimeout: 2500,
      playbackRates: this.#rates(),
      userActions: { hotkeys: (event) => this.#key(event) },
      bigPlayButton: !audio,
      errorDisplay: false,
      textTrackSettings: false,
      responsive: false,
      controlBar: {
        children: [
          "progressControl",
          "playToggle",
          "volumePanel",
          "currentTimeDisplay",
          "timeDivider",
          "durationDisplay",
          "customControlSpacer",
          "playbackRateMenuButton",
          "subsCapsButton",
          ...(policy.picture_in_picture || study.preview ? ["pictureInPictureToggle"] : []),
          ...(audio ? [] : ["fullscreenToggle"]),
        ],
        volumePanel: { inline: true },
      },
    });
    this.player.ready(() => this.#ready(audio));
    this.#listen();
    this.player.src(this.#source());
    for (const caption of data.captions) {
      const { language: srclang, label, url: src } = caption;
      this.player.addRemoteTextTrack({ kind: "captions", srclang, label, src }, false);
    }
    this.#chapters();
  }

  #ready(audio) {
    const { study, player, texts } = this;
    const bar = player.controlBar.progressControl.seekBar;
    this.line = new InkLine(study, this.arithmetic, () => study.unsentSpans ?? []);
    bar.el().prepend(this.line.element);
    bar.el().setAttribute("aria-label", texts.player.progress);
    player.el().setAttribute("aria-label", texts.player.name);
    previews(player, this.addresses.data.thumbnails, (seconds) => seconds <= this.limit + AHEAD, {
      locked: texts.player.locked,
    });
    const { policy } = study.info;
    if (!audio) {
      const keep = (mark) => {
        this.mark = mark;
      };
      markWith(study, player.el(), keep, () => this.#markGone());
    }
    if (!policy.picture_in_picture && !study.preview) {
      player.el().addEventListener("contextmenu", (event) => event.preventDefault());
    }
    // The panel of states must be part of what is in full screen.
    (audio ? this.stage : player.el()).append(this.notices.panel);
    this.#limitRate();
  }

  #source() {
    const { data } = this.addresses;
    const { hls } = data;
    if (data.renditions.length && supported(this.Hls)) return { src: "/lesson-segments", type: TYPE };
    if (hls && data.renditions.length) return { src: hls, type: "application/vnd.apple.mpegurl" };
    if (data.original) return { src: data.original.url, type: data.original.type };
    return { src: hls ?? "", type: "application/vnd.apple.mpegurl" };
  }

  #registerSource() {
    const own = (type) => (type === TYPE ? "probably" : "");
    this.library.getTech("Html5").registerSourceHandler(
      {
        canPlayType: own,
        canHandleSource: (source) => own(source.type),
        handleSource: (_source, tech) => {
          const hls = makeHls(this.Hls, this.addresses, this.#resumeAt(), () => this.#failed());
          hls.attachMedia(tech.el());
          this.hls = hls;
          return { dispose: () => hls.destroy() };
        },
      },
      0,
    );
  }

  #resumeAt() {
    const { position, length } = this.study.info;
    return position >= length - 1 ? 0 : position;
  }

  #listen() {
    const { media, player, study } = this;
    const on = (name, work) => media.addEventListener(name, work);
    on("loadedmetadata", () => {
      const at = this.returnTo ?? this.#resumeAt();
      if (!this.hls || this.returnTo !== undefined) media.currentTime = at;
      this.returnTo = undefined;
    });
    on("play", () => {
      if (!study.mayPlay || this.blocked) {
        media.pause();
        this.go();
      }
    });
    on("playing", () => this.meter.start(media.currentTime, study.now()));
    on("timeupdate", () => {
      this.#sample();
      this.line?.draw();
    });
    on("seeking", () => {
      this.meter.stop();
      if (media.currentTime > this.limit + AHEAD) {
        media.currentTime = this.limit;
        this.notices.say(this.texts.bar.ahead);
      }
    });
    on("seeked", () => {
      if (!media.paused) this.meter.start(media.currentTime, study.now());
    });
    for (const name of ["pause", "waiting", "ended"]) {
      on(name, () => {
        if (name === "ended") this.#sampleEnd();
        else this.#sample();
        this.meter.stop();
      });
    }
    on("pause", () => study.soon());
    on("ended", () => study.soon());
    on("ratechange", () => this.#limitRate());
    on("enterpictureinpicture", () => {
      if (!study.info.policy.picture_in_picture && !study.preview) document.exitPictureInPicture?.();
    });
    player.on("error", () => this.#failed());
    study.addEventListener("halt", () => this.#halt());
    study.addEventListener("go", () => this.#wanted && !this.blocked && this.#play());
    study.addEventListener("position", () => {
      this.#reach = Math.max(study.frontier, study.target);
      media.currentTime = study.target;
    });
    study.addEventListener("covered", () => {
      this.#reach = Math.max(this.#reach, study.frontier);
      this.#limitRate();
    });
  }

  // -- measuring

  #sample() {
    const { media, study } = this;
    if (media.seeking || !this.meter.running) return;
    const at = media.currentTime;
    this.meter.sample(at, study.now(), media.playbackRate);
    if (at > this.#reach && at <= this.#reach + 2 * media.playbackRate) this.#reach = at;
  }

  /* The last second of the lesson may be cut short by the file. */
  #sampleEnd() {
    const { length } = this.study.info;
    const { currentTime: at } = this.media;
    this.meter.sample(Math.abs(length - at) < 1.5 ? Math.max(length, at) : at, this.study.now(), 4);
  }

  /** How far may be sought. */
  get limit() {
    const { study } = this;
    if (study.preview || study.complete || study.info.policy.first_view_seek) return Infinity;
    return Math.max(this.#reach, study.frontier);
  }

  // -- speed

  #rates() {
    const { policy } = this.study.info;
    const most = Math.max(policy.replay_rate ?? 1, policy.first_view_rate ?? 1);
    return RATES.filter((rate) => rate <= most);
  }

  get fastest() {
    const { study } = this;
    const { policy } = study.info;
    return study.preview || study.complete ? (policy.replay_rate ?? 2) : policy.first_view_rate;
  }

  #limitRate() {
    const { media, player, fastest } = this;
    if (media.playbackRate > fastest) {
      media.playbackRate = fastest;
      this.notices.say(fill(this.texts.bar.rate, { rate: fastest }));
    }
    const shown = RATES.filter((rate) => rate <= fastest);
    if (player && String(player.playbackRates()) !== String(shown)) player.playbackRates(shown);
  }

  #faster(step) {
    const shown = RATES.filter((rate) => rate <= this.fastest);
    const at = shown.indexOf(this.media.playbackRate);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
    this.player.playbackRate(next);
    this.notices.say(fill(this.texts.bar.speed, { rate: next }));
  }

  // -- keys: while the player has the focus

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { player, media } = this;
    const keys = {
      " ": () => (media.paused ? player.play() : player.pause()),
      k: () => (media.paused ? player.play() : player.pause()),
      ArrowLeft: () => player.currentTime(Math.max(0, media.currentTime - STEP)),
      ArrowRight: () => player.currentTime(media.currentTime + STEP),
      ArrowUp: () => player.volume(Math.min(1, player.volume() + 0.1)),
      ArrowDown: () => player.volume(Math.max(0, player.volume() - 0.1)),
      c: () => this.#captions(),
      f: () => (player.isFullscreen() ? player.exitFullscreen() : player.requestFullscreen()),
      m: () => player.muted(!player.muted()),
      "<": () => this.#faster(-1),
      ">": () => this.#faster(1),
      "?": () => this.root.querySelector("[data-dialog]").click(),
    };
    const work = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!work) return;
    event.preventDefault();
    work();
  }

  #captions() {
    const tracks = Array.from(this.player.textTracks()).filter((track) => track.kind === "captions");
    const on = tracks.some((track) => track.mode === "showing");
    tracks.forEach((track, i) => {
      track.mode = !on && i === 0 ? "showing" : "disabled";
    });
  }

  // -- chapters

  #chapters() {
    const place = this.root.querySelector("[data-chapters]");
    if (!place) return;
    const buttons = [...place.querySelectorAll("[data-second]")];
    const draw = () => {
      const at = this.media.currentTime;
      const current = buttons.filter((button) => Number(button.dataset.second) <= at + 0.5).at(-1);
      for (const button of buttons) {
        const locked = Number(button.dataset.second) > this.limit + AHEAD;
        button.setAttribute("aria-disabled", String(locked));
        if (button === current) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
    };
    place.addEventListener("click", (event) => {
      const button = event.target.closest("[data-second]");
      if (!button) return;
      if (button.getAttribute("aria-disabled") === "true") this.notices.say(this.texts.bar.ahead);
      else this.player.currentTime(Number(button.dataset.second));
    });
    this.media.addEventListener("timeupdate", draw);
    this.study.addEventListener("covered", draw);
    draw();
  }

  // -- what goes wrong

  /** Playing is not allowed for a reason that only this page knows. */
  get blocked() {
    return Boolean(this.mark && !this.mark.intact);
  }

  #markGone() {
    this.#halt();
    this.notices.failed("watermark", "", "go");
  }

  /* Without segments, the server gives the original up to a minute beyond the frontier only: what
     lies further is refused, and loaded when the frontier has moved. */
  #failed() {
    const { media, study } = this;
    const at = media.currentTime;
    if (!this.hls && this.#reloads < 8 && media.error?.code !== 4) {
      this.#reloads += 1;
      const resume = this.#wanted || !media.paused;
      this.returnTo = at;
      study.soon();
      setTimeout(() => {
        this.player.src(this.#source());
        this.player.load();
        if (resume) this.go();
      }, 1500);
      return;
    }
    this.returnTo = at;
    this.notices.failed("media", fill(this.texts.panel.media.text, { time: clock(at) }));
  }
}
