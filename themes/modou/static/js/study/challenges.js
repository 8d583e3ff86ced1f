/* Challenges: what the server may ask of a learner in between. The built-in kind "idle" asks whether
   somebody is there; other kinds bring a module (`modules` of the player: kind -> address) with

     export async function challenge({ challenge, dialog, texts, signal }) -> answer

   It fills `dialog` (a <dialog> that is already open, with a heading and a countdown) and gives what
   is to be sent as the answer. `signal` is aborted when the challenge is over. */

function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "Are you still there?": a real press of the button answers. */
function idle({ dialog, signal }) {
  const button = dialog.querySelector("[data-answer]");
  button.hidden = false;
  button.focus();
  return new Promise((resolve) => {
    button.addEventListener(
      "click",
      (event) => {
        if (event.isTrusted) resolve("here");
      },
      { signal },
    );
  });
}

/**
 * Show the challenges of `study` in copies of a <template> with a <dialog>; parts of it:
 * [data-title] (text per kind in texts.challenges), [data-text], [data-left], [data-answer].
 * @param {HTMLElement} place where the dialog is put: it must be part of what is in full screen
 */
export function attendChallenges(study, { template, texts, place = () => document.body }) {
  let current = null;

  function close() {
    current?.over.abort();
    current?.dialog.close();
    current?.dialog.remove();
    current = null;
  }

  async function open(challenge) {
    const dialog = template.content.firstElementChild.cloneNode(true);
    const over = new AbortController();
    current = { dialog, over };
    const words = texts.challenges[challenge.kind] ?? texts.challenges.other;
    dialog.querySelector("[data-title]").textContent = challenge.data?.title ?? words.title;
    dialog.querySelector("[data-text]").textContent = challenge.data?.text ?? words.text;
    const left = dialog.querySelector("[data-left]");
    const ends = study.now() + challenge.seconds * 1000;
    const count = () => {
      const seconds = (ends - study.now()) / 1000;
      left.textContent = clock(seconds);
      dialog.classList.toggle("is-urgent", seconds < 15);
      // Its time is over: the server says what becomes of it.
      if (seconds < 0) {
        clearInterval(timer);
        study.soon();
      }
    };
    const timer = setInterval(count, 500);
    over.signal.addEventListener("abort", () => clearInterval(timer));
    // Esc must not put away what waits for an answer.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    place().append(dialog);
    dialog.showModal();
    count();
    const address = study.info.modules?.[challenge.kind];
    const module = address ? await import(address) : { challenge: idle };
    const task = { challenge, dialog, texts, signal: over.signal, study };
    while (!over.signal.aborted) {
      const answer = await module.challenge(task);
      if (over.signal.aborted) return;
      await study.answer(answer);
      if (study.challenge?.id !== challenge.id) return;
    }
  }

  study.addEventListener("challenge", () => {
    close();
    if (study.challenge) open(study.challenge);
  });
}
