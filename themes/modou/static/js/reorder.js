/* Lists that are put in order by drag or by keyboard; the markup is macros/reorder.jinja2. */

import Sortable from "../vendor/sortablejs/sortable.esm.js";
import { announce, postJson } from "./http.js";

const known = new WeakSet();

export function enhance(root) {
  for (const list of root.querySelectorAll("[data-reorder]")) {
    if (known.has(list)) continue;
    known.add(list);
    new Order(list);
  }
}

const itemsOf = (list) => [...list.children].filter((item) => item.dataset.id !== undefined);
const idsOf = (list) => itemsOf(list).map((item) => item.dataset.id);

/* Put `list` into the order of `ids`; items that are elsewhere come back. */
function arrange(list, ids) {
  for (const id of ids) {
    const item = [...document.querySelectorAll("[data-id]")].find((one) => one.dataset.id === id);
    if (item) list.append(item);
  }
}

class Order {
  constructor(list) {
    this.list = list;
    this.saved = idsOf(list);
    this.lifted = null;
    const help = document.createElement("p");
    help.className = "visually-hidden";
    help.id = `reorder-help-${Math.random().toString(36).slice(2)}`;
    help.textContent = list.dataset.textHelp ?? "";
    list.before(help);
    for (const handle of this.handles()) {
      handle.hidden = false;
      handle.setAttribute("aria-describedby", help.id);
    }
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("focusout", (event) => this.left(event));
    Sortable.create(list, {
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 140,
      draggable: "[data-id]",
      handle: "[data-reorder-handle]",
      group: list.dataset.reorderGroup || undefined,
      ghostClass: "is-ghost",
      onEnd: (event) => {
        if (event.from === event.to && event.oldIndex === event.newIndex) return;
        this.save();
        if (event.to !== event.from) event.to.dispatchEvent(new CustomEvent("modou:reordered"));
      },
    });
    list.addEventListener("modou:reordered", () => this.save());
  }

  handles() {
    return this.list.querySelectorAll(":scope > [data-id] [data-reorder-handle]");
  }

  say(name, item) {
    const items = itemsOf(this.list);
    announce(
      (this.list.dataset[name] ?? "")
        .replace("${title}", item?.dataset.title ?? "")
        .replace("${position}", items.indexOf(item) + 1)
        .replace("${total}", items.length),
    );
  }

  key(event) {
    const handle = event.target.closest("[data-reorder-handle]");
    if (!handle) return;
    const item = handle.closest("[data-id]");
    if (item.parentElement !== this.list) return;
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
      arrange(this.list, this.before);
      this.unmark();
      handle.focus();
      this.say("textMoved", item);
    }
  }

  lift(item) {
    this.lifted = item;
    this.before = idsOf(this.list);
    item.classList.add("is-lifted");
    this.say("textLifted", item);
  }

  move(item, key) {
    const items = itemsOf(this.list);
    const at = items.indexOf(item);
    if (key === "ArrowUp" && at > 0) items[at - 1].before(item);
    if (key === "ArrowDown" && at < items.length - 1) items[at + 1].after(item);
    if (key === "Home") items[0].before(item);
    if (key === "End") items.at(-1).after(item);
    this.say("textMoved", item);
  }

  unmark() {
    this.lifted?.classList.remove("is-lifted");
    this.lifted = null;
  }

  drop() {
    this.unmark();
    if (idsOf(this.list).join() !== this.before.join()) this.save();
  }

  /* Moving the element in the page may blur it for a moment; only a real departure puts it down. */
  left(event) {
    const item = this.lifted;
    if (!item || item.contains(event.relatedTarget)) return;
    setTimeout(() => {
      if (this.lifted === item && !item.contains(document.activeElement)) this.drop();
    });
  }

  async save() {
    const ids = idsOf(this.list);
    const body = { ids };
    if (this.list.dataset.reorderList) body.list = this.list.dataset.reorderList;
    this.list.setAttribute("aria-busy", "true");
    try {
      await postJson(this.list.dataset.reorderUrl, body, this.list.dataset.textFailed);
      this.saved = ids;
      this.say("textSaved");
    } catch (error) {
      arrange(this.list, this.saved);
      this.failed(error.message);
    } finally {
      this.list.removeAttribute("aria-busy");
    }
  }

  failed(reason) {
    const text = this.list.dataset.textFailed ?? "";
    const notice = document.createElement("div");
    notice.className = "notice notice-error reorder-error";
    notice.setAttribute("role", "alert");
    notice.textContent = reason && reason !== text ? `${text}: ${reason}` : text;
    this.list.parentElement.querySelector(".reorder-error")?.remove();
    this.list.before(notice);
  }
}
