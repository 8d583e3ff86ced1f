/* Lists that are put in order by drag or by keyboard; the markup is macros/reorder.jinja2.

   Lists of one group exchange items, by drag and, at a list's first and last place, by the arrow
   keys. What changed is posted list by list, or (data-reorder-whole) the whole group at once. */

import Sortable from "../vendor/sortablejs/sortable.esm.js";
import { announce, postJson } from "./http.js";

const known = new WeakSet();

export function enhance(root) {
  for (const list of root.querySelectorAll("[data-reorder]")) {
    if (known.has(list)) continue;
    const lists = groupOf(list);
    for (const one of lists) known.add(one);
    new Order(lists);
  }
}

const itemsOf = (list) => [...list.children].filter((item) => item.dataset.id !== undefined);
const idsOf = (list) => itemsOf(list).map((item) => item.dataset.id);

/* The lists that exchange items with `list`, in the order of the page. */
function groupOf(list) {
  const group = list.dataset.reorderGroup;
  if (!group) return [list];
  return [...document.querySelectorAll("[data-reorder]")].filter(
    (one) => one.dataset.reorderGroup === group,
  );
}

class Order {
  constructor(lists) {
    this.lists = lists;
    this.lifted = null;
    this.saved = this.order();
    this.saving = Promise.resolve();
    for (const list of lists) this.enhance(list);
  }

  enhance(list) {
    const help = document.createElement("p");
    help.className = "visually-hidden";
    help.id = `reorder-help-${Math.random().toString(36).slice(2)}`;
    help.textContent = list.dataset.textHelp ?? "";
    list.before(help);
    for (const item of itemsOf(list)) {
      const handle = item.querySelector("[data-reorder-handle]");
      if (!handle) continue;
      handle.hidden = false;
      handle.setAttribute("aria-describedby", help.id);
    }
    list.addEventListener("keydown", (event) => this.key(event, list));
    list.addEventListener("focusout", (event) => this.left(event));
    Sortable.create(list, {
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 140,
      draggable: "[data-id]",
      handle: "[data-reorder-handle]",
      group: list.dataset.reorderGroup || undefined,
      ghostClass: "is-ghost",
      onEnd: () => this.save(),
    });
  }

  /* List -> the ids in it, as the page shows them now. */
  order() {
    return new Map(this.lists.map((list) => [list, idsOf(list)]));
  }

  /* Put everything back to where `order` says. */
  restore(order) {
    const items = new Map(
      this.lists.flatMap(itemsOf).map((item) => [item.dataset.id, item]),
    );
    for (const [list, ids] of order) {
      for (const id of ids) if (items.has(id)) list.append(items.get(id));
    }
  }

  say(name, item) {
    const list = item?.parentElement ?? this.lists[0];
    const items = itemsOf(list);
    announce(
      (list.dataset[name] ?? "")
        .replace("${title}", item?.dataset.title ?? "")
        .replace("${position}", items.indexOf(item) + 1)
        .replace("${total}", items.length),
    );
  }

  key(event, list) {
    const handle = event.target.closest("[data-reorder-handle]");
    const item = handle?.closest("[data-id]");
    if (!item || item.parentElement !== list) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (this.lifted) this.drop();
      else this.lift(item);
    } else if (this.lifted === item && ["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      this.move(item, event.key);
      handle.focus();
    } else if (this.lifted === item && event.key === "Escape") {
      event.preventDefault();
      this.restore(this.before);
      this.unmark();
      handle.focus();
      this.say("textMoved", item);
    }
  }

  lift(item) {
    this.lifted = item;
    this.before = this.order();
    item.classList.add("is-lifted");
    this.say("textLifted", item);
  }

  move(item, key) {
    const list = item.parentElement;
    const items = itemsOf(list);
    const at = items.indexOf(item);
    const step = { ArrowUp: -1, ArrowDown: 1 }[key] ?? 0;
    const neighbour = this.lists[this.lists.indexOf(list) + step];
    if (key === "Home") items[0].before(item);
    else if (key === "End") items.at(-1).after(item);
    else if (items[at + step]) items[at + step][step < 0 ? "before" : "after"](item);
    else if (neighbour) neighbour[step < 0 ? "append" : "prepend"](item);
    this.say("textMoved", item);
  }

  unmark() {
    this.lifted?.classList.remove("is-lifted");
    this.lifted = null;
  }

  drop() {
    this.unmark();
    this.save();
  }

  /* Moving the element in the page may blur it for a moment; only a real departure puts it down. */
  left(event) {
    const item = this.lifted;
    if (!item || item.contains(event.relatedTarget)) return;
    setTimeout(() => {
      if (this.lifted === item && !item.contains(document.activeElement)) this.drop();
    });
  }

  /* One after the other, so that answers cannot overtake each other. */
  save() {
    this.saving = this.saving.then(() => this.send());
    return this.saving;
  }

  async send() {
    const order = this.order();
    const changed = this.lists.filter(
      (list) => order.get(list).join() !== this.saved.get(list).join(),
    );
    if (!changed.length) return;
    const { reorderUrl: url, textFailed: failed, reorderWhole: whole } = this.lists[0].dataset;
    const part = (list) => ({ list: list.dataset.reorderList, ids: order.get(list) });
    const bodies = whole === undefined ? changed.map(part) : [{ lists: this.lists.map(part) }];
    for (const list of changed) list.setAttribute("aria-busy", "true");
    try {
      for (const body of bodies) await postJson(url, body, failed);
      this.saved = order;
      changed[0].parentElement.querySelector(":scope > .reorder-error")?.remove();
      this.say("textSaved");
    } catch (error) {
      this.restore(this.saved);
      this.failed(changed[0], error.message);
    } finally {
      for (const list of changed) list.removeAttribute("aria-busy");
    }
  }

  failed(list, reason) {
    const text = list.dataset.textFailed ?? "";
    const notice = document.createElement("div");
    notice.className = "notice notice-error reorder-error";
    notice.setAttribute("role", "alert");
    notice.textContent = reason && reason !== text ? `${text}: ${reason}` : text;
    list.parentElement.querySelector(":scope > .reorder-error")?.remove();
    list.before(notice);
  }
}
