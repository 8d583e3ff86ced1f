/* Matching: choices are cards that are dragged to their places, or tapped and then put where the
   place is tapped. The lists beside the left sides do the same by keyboard, and say what will be
   sent. */

import { changed } from "./answer.js";

export default async function enhance(question) {
  const box = question.querySelector("[data-matching]");
  if (!box) return;
  const cards = [...box.querySelectorAll("[data-card]")];
  const slots = [...box.querySelectorAll("[data-slot]")];
  let held = null;

  const hold = (card) => {
    held = card;
    box.classList.toggle("is-choosing", held !== null);
    for (const one of cards) one.classList.toggle("is-held", one === held);
  };
  const used = () => {
    const values = new Set(slots.map((slot) => slot.querySelector("select").value));
    for (const card of cards) card.classList.toggle("is-used", values.has(card.dataset.card));
  };
  const put = (slot, card) => {
    const select = slot.querySelector("select");
    select.value = card.dataset.card;
    changed(select);
    hold(null);
  };

  box.querySelector("[data-drag-help]").hidden = false;
  for (const card of cards) {
    card.addEventListener("click", () => hold(held === card ? null : card));
  }
  for (const slot of slots) {
    slot.addEventListener("click", (event) => {
      if (held && !event.target.closest("select, audio, video")) put(slot, held);
    });
  }
  box.addEventListener("change", used);
  used();

  const address = document.querySelector('meta[name="modou-quiz"]').dataset.sortable;
  const { default: Sortable } = await import(address);
  const group = `matching-${Math.random().toString(36).slice(2)}`;
  const over = (slot) => {
    for (const one of slots) one.classList.toggle("is-over", one === slot);
  };
  Sortable.create(box.querySelector(".matching-choices ul"), {
    group: { name: group, pull: "clone", put: false },
    sort: false,
    draggable: "[data-card]",
    delayOnTouchOnly: true,
    delay: 120,
    filter: "audio, video",
    preventOnFilter: false,
    onMove: (event) => {
      over(event.to.closest("[data-slot]"));
      return true;
    },
    onEnd: () => over(null),
  });
  for (const slot of slots) {
    Sortable.create(slot, {
      group: { name: group, pull: false, put: true },
      sort: false,
      draggable: "[data-card]",
      ghostClass: "is-dropping",
      onAdd: (event) => {
        const card = cards.find((one) => one.dataset.card === event.item.dataset.card);
        event.item.remove();
        put(slot, card);
      },
    });
  }
}
