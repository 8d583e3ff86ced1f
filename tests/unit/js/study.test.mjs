/* The study client against a server that keeps the protocol's rules: sequence, duplicates, credit by
   the clock. Run by tests/unit/test_study_client.py, or `node --test tests/unit/js/`. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";

import { Study } from "../../../themes/modou/static/js/study/client.js";
import { Kept } from "../../../themes/modou/static/js/study/kept.js";
import { retryAfter } from "../../../themes/modou/static/js/study/line.js";
import {
  firstGap,
  SpanMeter,
  tail,
  total,
  union,
  within,
} from "../../../themes/modou/static/js/study/spans.js";

/* A server that keeps the rules of the protocol: what it credits is bound by its own clock. */
class Server {
  now = 0; // ms
  up = true;
  losesAnswers = false;
  seq = 0;
  last = 0;
  carry = 0;
  cells = new Set();
  credited = 0;
  log = [];
  opened = 0;
  ended = null;
  after = 0;
  challenge = null;
  left = false;
  position = null;
  state = "live";
  reason = null;

  answer(seq) {
    const { state, reason, challenge, position } = this;
    return {
      seq, state, reason, position, challenge, frontier: Math.max(0, ...this.cells) + 1,
      credit: { credited: this.credited }, complete: false, next: 15,
    };
  }

  respond(status, body, headers = {}) {
    return new Response(body === null ? null : JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/json", ...headers },
    });
  }

  fetch = async (url, { method, body, headers }) => {
    const path = url.replace("/api/v1/study", "");
    const data = body ? JSON.parse(body) : null;
    this.log.push({ path, data, at: this.now, token: headers.Authorization ?? "" });
    if (!this.up) throw new TypeError("Failed to fetch");
    if (this.after) return this.respond(503, { code: "busy" }, { "Retry-After": String(this.after) });
    const response = this.handle(path, data);
    if (this.losesAnswers) throw new TypeError("Failed to fetch");
    return response;
  };

  handle(path, data) {
    if (path.startsWith("/state") || path === "/players") {
      if (path === "/players") {
        this.opened += 1;
        this.seq = 0;
        this.ended = null;
        this.left = false;
        this.last = this.now;
        this.carry = 0;
      }
      return this.respond(201, {
        player: `p${this.opened}`, length: 600, covered: [], frontier: 0, position: 0,
        beat_every: 15, policy: { pause_hidden: true }, credit: { credited: 0 }, seq: 0,
        challenge: null, modules: {},
      });
    }
    if (path === "/leave") {
      if (data.beat?.seq === this.seq + 1) this.handle("/beats", data.beat);
      this.left = true;
      return this.respond(204, null);
    }
    if (this.left && path === "/beats" && data.seq > this.seq) {
      return this.respond(410, { code: "ended", reason: "left" });
    }
    if (this.ended) return this.respond(410, { code: "ended", reason: this.ended });
    if (path !== "/beats") return this.respond(200, this.answer(this.seq));
    if (data.seq <= this.seq) return this.respond(200, this.answer(data.seq));
    if (data.seq > this.seq + 1) {
      return this.respond(409, { code: "sequence", expected: this.seq + 1 });
    }
    this.seq = data.seq;
    let allowed = Math.min(this.carry + Math.min(this.now - this.last, 60000), 63000);
    this.last = this.now;
    for (const [a, b] of data.spans) {
      for (let cell = Math.floor(a); cell < Math.floor(b); cell += 1) {
        if (allowed < 1000 || this.cells.has(cell)) continue;
        this.cells.add(cell);
        this.credited += 1;
        allowed -= 1000;
      }
    }
    this.carry = Math.min(allowed, 3000);
    return this.respond(200, this.answer(data.seq));
  }
}

/* What plays: a media element that moves with the clock. */
class Media {
  meter = new SpanMeter();
  position = 0;
  playing = false;

  constructor(server) {
    this.server = server;
  }

  play() {
    this.playing = true;
    this.meter.start(this.position, this.server.now);
  }

  stop() {
    this.playing = false;
    this.meter.stop();
  }

  move(seconds) {
    if (!this.playing) return;
    this.position += seconds;
    this.meter.sample(this.position, this.server.now);
  }

  take() {
    return this.meter.take();
  }

  state() {
    return { position: this.position, rate: 1, playing: this.playing };
  }
}

class FakePage extends EventTarget {
  visibilityState = "visible";

  show(visible) {
    this.visibilityState = visible ? "visible" : "hidden";
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let server;
let media;
let page;
let frame;
let kept;
let study;

function make() {
  const made = new Study({
    activity: "a1", source: media, csrf: "token", fetch: server.fetch, now: () => server.now,
    random: () => 0.5, kept, page, frame, locks: null,
  });
  made.heard = [];
  for (const name of ["halt", "go", "position", "challenge"]) {
    made.addEventListener(name, () => made.heard.push(name));
  }
  made.addEventListener("halt", () => media.stop());
  made.addEventListener("go", () => media.play());
  return made;
}

/* Let the seconds pass, with everything that happens in them. */
async function pass(seconds) {
  for (let i = 0; i < seconds; i += 1) {
    server.now += 1000;
    media.move(1);
    mock.timers.tick(1000);
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function wake() {
  const woken = study.wake();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  if (await woken) media.play();
}

const beats = () => server.log.filter((entry) => entry.path === "/beats");

beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  server = new Server();
  media = new Media(server);
  page = new FakePage();
  frame = new EventTarget();
  kept = new Kept(null);
  study = make();
});

afterEach(() => mock.timers.reset());

describe("spans", () => {
  test("union joins what overlaps and touches, in any order", () => {
    assert.deepEqual(union([[5, 9], [0, 2]], [[2, 3], [8, 12], [4, 4]]), [[0, 3], [5, 12]]);
    assert.equal(total([[0, 3], [5, 12]]), 10);
  });

  test("the part between, the last seconds, the first gap", () => {
    const spans = [[0, 10], [20, 30]];
    assert.deepEqual(within(spans, 5, 25), [[5, 10], [20, 25]]);
    assert.deepEqual(tail(spans, 12), [[8, 10], [20, 30]]);
    assert.equal(firstGap(spans, 0, 60), 10);
    assert.equal(firstGap(spans, 25, 60), 30);
    assert.equal(firstGap(spans, 12, 60), 12);
  });

  test("a jump is in no span", () => {
    const meter = new SpanMeter();
    meter.start(0, 0);
    for (let i = 1; i <= 10; i += 1) meter.sample(i, i * 1000);
    meter.sample(500, 11000);
    meter.sample(501, 12000);
    meter.sample(100, 13000);
    assert.deepEqual(meter.take(), [[0, 10], [500, 501]]);
    meter.sample(101, 14000);
    assert.deepEqual(meter.take(), [[100, 101]]);
  });

  test("a lid that was closed leaves no time behind", () => {
    const meter = new SpanMeter();
    meter.start(0, 0);
    meter.sample(1, 1000);
    meter.sample(1.2, 3600000);
    meter.sample(2.2, 3601000);
    assert.deepEqual(meter.take(), [[0, 2.2]]);
  });
});

test("Retry-After is a number or a date", () => {
  assert.equal(retryAfter("7"), 7);
  assert.equal(retryAfter("Mon, 23 Nov 2026 12:00:10 GMT", Date.parse("2026-11-23T12:00:00Z")), 10);
  assert.equal(retryAfter("soon"), 0);
  assert.equal(retryAfter(null), 0);
});

describe("a good line", () => {
  test("every 15 seconds, one number after the other, everything credited", async () => {
    await wake();
    await pass(61);
    assert.deepEqual(beats().map((beat) => beat.data.seq), [1, 2, 3, 4]);
    assert.ok(server.credited >= 58, `credited ${server.credited}`);
    assert.deepEqual(union(...beats().map((beat) => beat.data.spans)), [[0, 60]]);
    assert.equal(study.state, "live");
  });

  test("looking opens nothing", async () => {
    await study.look();
    assert.equal(server.opened, 0);
    assert.equal(study.state, "new");
    assert.equal(study.info.length, 600);
  });

  test("the token of the site opens, the token of the player beats", async () => {
    await wake();
    await pass(16);
    assert.equal(beats()[0].token, "Bearer p1");
  });

  test("ten minutes without playing end the session; playing opens another", async () => {
    await wake();
    await pass(20);
    media.stop();
    await pass(610);
    assert.equal(server.log.at(-1).path, "/leave");
    assert.equal(study.state, "resting");
    await wake();
    assert.equal(server.opened, 2);
  });
});

describe("a broken line", () => {
  test("30 seconds away lose nothing", async () => {
    await wake();
    await pass(20);
    server.up = false;
    await pass(30);
    assert.equal(study.reachable, false);
    assert.equal(study.state, "live");
    server.up = true;
    frame.dispatchEvent(new Event("online"));
    await pass(20);
    assert.equal(study.reachable, true);
    media.stop();
    await pass(16);
    assert.ok(server.credited >= 68, `credited ${server.credited} of 70`);
  });

  test("answers that are lost count once", async () => {
    await wake();
    await pass(20);
    server.losesAnswers = true;
    await pass(25);
    server.losesAnswers = false;
    await pass(30);
    media.stop();
    await pass(16);
    assert.ok(server.credited >= 72 && server.credited <= 75, `credited ${server.credited} of 75`);
    assert.equal(server.credited, server.cells.size);
  });

  test("a resent beat is the same beat", async () => {
    await wake();
    await pass(14);
    server.up = false;
    await pass(2);
    server.up = true;
    await pass(2);
    const first = beats().filter((beat) => beat.data.seq === 1);
    assert.ok(first.length >= 2);
    for (const again of first) assert.deepEqual(again.data, first[0].data);
  });

  test("45 seconds without an answer stop playing, and it goes on by itself", async () => {
    await wake();
    await pass(16);
    server.up = false;
    await pass(50);
    assert.equal(study.state, "waiting");
    assert.deepEqual(study.heard, ["halt"]);
    const stopped = media.position;
    await pass(5);
    assert.equal(media.position, stopped);
    server.up = true;
    await pass(16);
    assert.equal(study.state, "live");
    assert.deepEqual(study.heard, ["halt", "go"]);
    assert.ok(media.position > stopped);
    assert.ok(server.credited >= stopped - 3, `credited ${server.credited} of ${stopped}`);
  });

  test("the server's Retry-After is kept", async () => {
    await wake();
    await pass(14);
    server.after = 20;
    await pass(22);
    assert.equal(beats().length, 1);
    server.after = 0;
    await pass(20);
    assert.ok(beats().length >= 2);
    assert.ok(beats()[1].at - beats()[0].at >= 20000);
  });

  test("a session that the server closed meanwhile is opened anew", async () => {
    await wake();
    await pass(20);
    server.up = false;
    await pass(90);
    server.ended = "lost";
    server.up = true;
    await pass(20);
    assert.equal(server.opened, 2);
    assert.equal(study.state, "live");
    assert.equal(media.playing, true);
  });
});

describe("what the server says", () => {
  test("taken over: stops, says so, opens nothing by itself", async () => {
    await wake();
    await pass(10);
    server.ended = "taken_over";
    await pass(20);
    assert.equal(study.state, "ended");
    assert.equal(study.reason.code, "taken_over");
    assert.equal(media.playing, false);
    await pass(60);
    assert.equal(server.opened, 1);
    await wake();
    assert.equal(server.opened, 2);
    assert.equal(study.state, "live");
  });

  test("paused with a reason, and resumed", async () => {
    await wake();
    server.state = "paused";
    server.reason = { code: "rest", text: "Rest until 10:15" };
    await pass(16);
    assert.equal(study.state, "paused");
    assert.equal(study.reason.text, "Rest until 10:15");
    assert.equal(media.playing, false);
    server.state = "live";
    server.reason = null;
    await wake();
    assert.equal(study.state, "live");
    assert.equal(media.playing, true);
  });

  test("a challenge stops playing until it is answered", async () => {
    await wake();
    server.challenge = { id: "c1", kind: "idle", seconds: 60, data: {} };
    await pass(16);
    assert.equal(study.challenge.id, "c1");
    assert.equal(study.mayPlay, false);
    assert.equal(media.playing, false);
    server.challenge = null;
    assert.equal(await study.answer("here"), true);
    assert.deepEqual(server.log.at(-1).data, { challenge: "c1", answer: "here" });
    assert.equal(media.playing, true);
  });

  test("sent back to a position", async () => {
    await wake();
    server.position = 3;
    await pass(16);
    assert.equal(study.target, 3);
    assert.ok(study.heard.includes("position"));
  });
});

describe("the page", () => {
  test("hidden: stops and sends at once what was played while it was seen", async () => {
    await wake();
    await pass(5);
    page.show(false);
    await pass(1);
    assert.equal(media.playing, false);
    assert.equal(beats().length, 1);
    assert.deepEqual(beats()[0].data.spans, [[0, 5]]);
    assert.equal(beats()[0].data.visible, true);
    await pass(16);
    assert.equal(beats()[1].data.visible, false);
    assert.deepEqual(beats()[1].data.spans, []);
  });

  test("going away: the end, with the rest", async () => {
    await wake();
    await pass(7);
    frame.dispatchEvent(new Event("pagehide"));
    await pass(1);
    assert.equal(server.log.at(-1).path, "/leave");
    assert.equal(server.credited, 7);
    assert.deepEqual(await kept.all(), []);
  });

  test("what a page could not send, the next one sends under the old player first", async () => {
    await wake();
    await pass(10);
    server.up = false;
    await pass(8);
    frame.dispatchEvent(new Event("pagehide"));
    await pass(1);
    const left = await kept.all();
    assert.equal(left.length, 1);
    server.up = true;
    study = make();
    media.stop();
    media.take();
    await study.look();
    assert.ok(server.credited >= 17, `credited ${server.credited} of 18`);
    assert.deepEqual(await kept.all(), []);
  });
});
