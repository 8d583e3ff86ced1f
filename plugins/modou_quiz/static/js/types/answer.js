/* What a learner gave, read from a question's controls.

   Elements say by data-answer what they hold, from the outside in:

   one     the value of the checked control in it, or null
   some    the values of the checked controls in it
   text    its own value
   files   the values of all named controls in it that would be sent
   list    the answers of the parts in it, in the order of their data-place
   fields  the answers of the parts in it by their data-key
   inner   the answer of the part in it; null where there is none

   That is what `clean` of a question's type reads, and what `given` makes of the same form without
   scripts. */

const MARK = "[data-answer]";

/* The nearest parts within an element: those with no other part between. */
function partsOf(element) {
  return [...element.querySelectorAll(MARK)].filter((part) => {
    const above = part.parentElement.closest(MARK);
    return above === null || above === element || !element.contains(above);
  });
}

function read(part) {
  switch (part.dataset.answer) {
    case "one":
      return part.querySelector("input:checked")?.value ?? null;
    case "some":
      return [...part.querySelectorAll("input:checked")].map((input) => input.value);
    case "text":
      return part.value;
    case "files":
      return [...part.querySelectorAll("input[name]")]
        .filter((input) => input.type !== "file" && (input.type !== "checkbox" || input.checked))
        .map((input) => input.value);
    case "list":
      return partsOf(part)
        .sort((a, b) => Number(a.dataset.place) - Number(b.dataset.place))
        .map(read);
    case "fields":
      return Object.fromEntries(partsOf(part).map((one) => [one.dataset.key, read(one)]));
    default: {
      const [inner] = partsOf(part);
      return inner ? read(inner) : null;
    }
  }
}

/* The raw answer to a question.

   question: the element with data-question */
export function answerOf(question) {
  const [part] = partsOf(question);
  return part ? read(part) : null;
}

/* The question that an element stands in; for a part of a case, the case. */
export function questionOf(element) {
  let found = element.closest("[data-question]");
  while (found?.parentElement.closest("[data-question]")) {
    found = found.parentElement.closest("[data-question]");
  }
  return found;
}

/* Tell whoever listens that an answer changed other than by typing or choosing. */
export function changed(element) {
  element.dispatchEvent(new Event("change", { bubbles: true }));
}
