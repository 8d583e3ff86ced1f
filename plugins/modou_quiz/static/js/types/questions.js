/* Brings the questions of a page to life: what their types' scripts add, and formulas. Pages load it
   by templates/player/_head.jinja2; what htmx brings later is found as well. */

import { changed } from "./answer.js";
import { draw } from "./formulas.js";

const known = new WeakSet();

export function enhance(root) {
  const inside = [...root.querySelectorAll("[data-question]")];
  if (root.matches?.("[data-question]")) inside.unshift(root);
  for (const question of inside) {
    if (known.has(question)) continue;
    known.add(question);
    for (const button of question.querySelectorAll("[data-clear]")) clearing(button);
    const waits = [];
    if (question.dataset.script) {
      waits.push(import(question.dataset.script).then((module) => module.default(question)));
    }
    if (!question.parentElement.closest("[data-question]")) waits.push(draw(question));
    Promise.all(waits).then(() => {
      question.dataset.ready = "";
    });
  }
  for (const text of root.querySelectorAll("[data-formulas]")) draw(text);
}

/* A choice of one can be taken back, which plain HTML does not offer. */
function clearing(button) {
  const choices = [...button.closest("fieldset").querySelectorAll("input[type=radio]")];
  const show = () => {
    button.hidden = !choices.some((choice) => choice.checked);
  };
  button.addEventListener("click", () => {
    const chosen = choices.find((choice) => choice.checked);
    for (const choice of choices) choice.checked = false;
    show();
    chosen?.focus();
    changed(choices[0]);
  });
  for (const choice of choices) choice.addEventListener("change", show);
  show();
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) enhance(event.detail.elt);
});
enhance(document.body);
