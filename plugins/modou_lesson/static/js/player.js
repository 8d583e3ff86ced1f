/* The page of a lesson: study time, what is shown of it, and what plays (film.js, reader.js).

   The page itself is the same for all readers. Who reads, how far they are and what they may see
   comes from the API; so do the addresses of the media. All words come with the page as data. */

import { Account } from "./account.js";
import { Notices } from "./notices.js";
import { Addresses } from "./addresses.js";

const root = document.querySelector("[data-lesson]");
const config = JSON.parse(root.dataset.config);
const texts = JSON.parse(root.dataset.texts);

/* A name for this browser, so that the teacher's list of sessions tells two devices apart. */
function device() {
  const name = "modou-device";
  try {
    const known = localStorage.getItem(name);
    if (known) return known;
    const made = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    localStorage.setItem(name, made);
    return made;
  } catch {
    return "";
  }
}

/* Whoever does not learn here sees everything and earns nothing. */
function preview(length, pages) {
  return Object.assign(new EventTarget(), {
    preview: true,
    mayPlay: true,
    state: "live",
    reachable: true,
    complete: true,
    challenge: null,
    covered: [],
    frontier: length,
    info: { length, pages, version: config.version, policy: { replay_rate: 2 }, position: 0 },
    wake: async () => true,
    soon: () => {},
    now: () => performance.now(),
  });
}

async function start() {
  const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const source = { take: () => [], state: () => ({ position: 0, rate: 1, playing: false }) };
  let study;
  if (config.learner) {
    const { Study } = await import(config.study);
    study = new Study({ activity: config.activity, source, csrf, device: device() });
  } else study = preview(config.length, config.pages);
  const stage = root.querySelector("[data-stage]");
  const notices = new Notices(root, study, { texts, config, retry: () => location.reload() });
  try {
    if (config.learner) await study.look();
  } catch (error) {
    notices.failed(error.code === "signed_out" ? "signed_out" : "load", error.message);
    return;
  }
  const account = new Account(root, study, { texts, config });
  const addresses = new Addresses(config.media, study);
  try {
    await addresses.load();
  } catch (error) {
    notices.failed("media", error.message);
    return;
  }
  const arithmetic = await import(config.spans);
  const make = await import(config.film ? "./film.js" : "./reader.js");
  const given = { stage, root, study, arithmetic, addresses, config, texts, notices };
  const player = await make.build(given);
  study.source = player;
  notices.player = player;
  account.player = player;
  if (study.preview) return;
  const { attendChallenges } = await import(config.challenges);
  attendChallenges(study, { template: root.querySelector("[data-challenge]"), texts });
}

if (config.version || config.kind === "text") start();
