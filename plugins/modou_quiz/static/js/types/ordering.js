/* Ordering by drag, by the arrow keys on an item's handle, and by the lists of positions, which are
   all that there is without scripts. The lists always say what will be sent. */

import { changed } from "./answer.js";

export default async function enhance(question) {
  const list = question.querySelector("[data-ordering]");
  if (list) await new Order(question, list).start();
}

class Order {
  constructor(question, list) {
    this.list = list;
    this.keep = question.querySelector("[data-keep]");
    this.live = document.createElement("p");
    this.live.className = "visually-hidden";
    this.live.setAttribute("aria-live", "polite");
    list.after(this.live);
  }

  get items() {
    return [...this.list.children];
  }

  async start() {
    for (const item of this.items) {
      const handle = item.querySelector("[data-handle]");
      handle.hidden = false;
      handle.addEventListener("keydown", (event) => this.key(event, item));
      item.querySelector("select").addEventListener("change", (event) => this.put(event, item));
    }
    this.keep.querySelector("button").addEventListener("click", () => {
      this.number();
      changed(this.list);
      this.items[0].querySelector("[data-handle]").focus();
    });
    this.showKeep();
    const address = document.querySelector('meta[name="modou-quiz"]').dataset.sortable;
    const { default: Sortable } = await import(address);
    Sortable.create(this.list, {
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 140,
      draggable: ".order-item",
      filter: "select, audio, video",
      preventOnFilter: false,
      delayOnTouchOnly: true,
      delay: 120,
      ghostClass: "is-ghost",
      onEnd: (event) => {
        if (event.oldIndex !== event.newIndex) this.moved(event.item);
      },
    });
  }

  key(event, item) {
    const back = event.key === "ArrowUp" || event.key === "ArrowLeft";
    const on = event.key === "ArrowDown" || event.key === "ArrowRight";
    if (!back && !on) return;
    event.preventDefault();
    const other = back ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (back) other.before(item);
    else other.after(item);
    event.currentTarget.focus();
    this.moved(item);
  }

  /* A position was chosen in a list: the item goes there. */
  put(event, item) {
    const place = Number(event.currentTarget.value);
    event.stopPropagation();
    if (!place) {
      for (const select of this.list.querySelectorAll("select")) select.value = "";
      this.showKeep();
      changed(this.list);
      return;
    }
    const others = this.items.filter((one) => one !== item);
    if (place > others.length) this.list.append(item);
    else others[place - 1].before(item);
    event.currentTarget.focus();
    this.moved(item);
  }

  moved(item) {
    this.number();
    const place = this.items.indexOf(item) + 1;
    this.live.textContent = this.list.dataset.textMoved
      .replace("${title}", item.dataset.title)
      .replace("${position}", place)
      .replace("${total}", this.items.length);
    changed(this.list);
  }

  number() {
    this.items.forEach((item, place) => {
      item.querySelector("select").value = String(place + 1);
    });
    this.showKeep();
  }

  showKeep() {
    this.keep.hidden = this.items.some((item) => item.querySelector("select").value !== "");
  }
}
