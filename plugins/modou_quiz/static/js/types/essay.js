/* Essays: words counted as they are typed, and files told of as they come and go. */

import { changed } from "./answer.js";

// A Chinese, Japanese or Korean character is a word, and so is a run of other letters and digits:
// as modou_quiz.types.essay counts.
const SIGN = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}\\u3040-\\u30ff";
const WORD = new RegExp(`[${SIGN}]|(?:(?![${SIGN}])[\\p{L}\\p{N}_’'-])+`, "gu");

export function countWords(text) {
  return (text.match(WORD) ?? []).filter((word) => /[^’'_-]/u.test(word)).length;
}

export default function enhance(question) {
  const box = question.querySelector("textarea.essay-text");
  if (box) counting(box, question.querySelector(".essay-count"));
  const files = question.querySelector(".essay-files");
  // An upload that is complete, or taken out again, is an input that comes or goes.
  if (files) {
    new MutationObserver((records) => {
      const nodes = records.flatMap((record) => [...record.addedNodes, ...record.removedNodes]);
      const inputs = nodes.filter(
        (node) => node.matches?.("input[name]") || node.querySelector?.("input[name]"),
      );
      if (inputs.length) changed(files);
    }).observe(files, { childList: true, subtree: true });
  }
}

function counting(box, line) {
  const out = line.querySelector("[data-words]");
  const least = Number(box.dataset.least ?? 0);
  const most = Number(box.dataset.most ?? 0);
  const show = () => {
    const count = countWords(box.value);
    out.textContent = out.dataset.text.replace("${count}", count);
    line.classList.toggle("is-off", (most > 0 && count > most) || (count > 0 && count < least));
    line.classList.toggle("is-met", count >= Math.max(least, 1) && (most === 0 || count <= most));
  };
  box.addEventListener("input", show);
  show();
}
