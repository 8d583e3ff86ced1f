/* What every page gains when scripts run. Nothing here is needed to use the site.

   data-menu                 <details> that closes by Esc, by a click outside, by opening another
   data-drawer               side navigation opened by :target, closed by Esc
   data-confirm="question"   on a form or its button: ask first (data-confirm-action: label of yes)
   data-dialog="id"          opens <dialog id>; data-dialog-close inside closes it
   data-notice               flash message: gets its close button, successes leave by themselves
   data-error-summary        takes the focus when the page opens
   data-check-table          check-all box, count of chosen rows, bar of bulk actions
   data-shown-for="name=a b" control whose field is hidden unless the form's select `name` (or one
                             whose name ends with "-name") has one of the values
   data-submit-on-change     form (or control) that submits itself when a control changes
   data-reorder, data-grid, data-upload   load reorder.js, grid.js, upload.js

   <html data-ready>         set once all of that is done to the page as it came              */

import { announce, csrfToken } from "./http.js";

const SUCCESS_STAYS = 6000; // milliseconds; warnings and errors stay until they are closed

function each(selector, root, work) {
  if (root.matches?.(selector)) work(root);
  root.querySelectorAll(selector).forEach(work);
}

/* What only few pages need. */
const LOADED = [
  ["[data-reorder]", () => import("./reorder.js")],
  ["[data-grid]", () => import("./grid.js")],
  ["[data-upload]", () => import("./upload.js")],
];

/* Everything that must be done to new markup, also to what htmx brings later. */
function enhance(root) {
  each("[data-notice]", root, enhanceNotice);
  each("[data-check-table]", root, enhanceCheckTable);
  each("[data-error-summary]", root, (summary) => summary.focus());
  each("form", root, showFieldsInUse);
  each(".tabs [aria-current]", root, showTab);
  return Promise.all(
    LOADED.filter(([selector]) => root.querySelector?.(selector)).map(([, load]) =>
      load().then((module) => module.enhance(root)),
    ),
  );
}

/* On a phone the chosen tab may lie outside of the row. */
function showTab(tab) {
  const row = tab.closest("ul");
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

/* A field with an error stays: its message must be seen. */
function showFieldsInUse(form) {
  form.querySelectorAll("[data-shown-for]").forEach((control) => {
    const [name, values] = control.dataset.shownFor.split("=");
    const select = form.querySelector(`select[name="${name}"], select[name$="-${name}"]`);
    const field = control.closest(".field");
    if (!select || !field) return;
    field.hidden = !values.split(" ").includes(select.value) && !field.querySelector(".field-errors");
  });
}

function enhanceNotice(notice) {
  const leave = () => {
    notice.classList.add("is-leaving");
    setTimeout(() => notice.remove(), 300);
  };
  const close = notice.querySelector("[data-dismiss]");
  if (close) {
    close.hidden = false;
    close.addEventListener("click", () => notice.remove());
  }
  if (notice.dataset.notice !== "success") return;
  let timer = setTimeout(leave, SUCCESS_STAYS);
  for (const pause of ["pointerenter", "focusin"]) {
    notice.addEventListener(pause, () => clearTimeout(timer));
  }
  for (const resume of ["pointerleave", "focusout"]) {
    notice.addEventListener(resume, () => {
      clearTimeout(timer);
      timer = setTimeout(leave, SUCCESS_STAYS);
    });
  }
}

function enhanceCheckTable(table) {
  const form = table.closest("form") ?? document;
  const all = table.querySelector("[data-check-all]");
  const boxes = () => [...table.querySelectorAll("[data-check]")];
  const bar = form.querySelector("[data-bulk-bar]");
  const refresh = () => {
    const chosen = boxes().filter((box) => box.checked);
    for (const box of boxes()) box.closest("tr").classList.toggle("is-checked", box.checked);
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes().length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
    if (!bar) return;
    bar.querySelector("[data-check-count]").textContent = chosen.length;
    for (const button of bar.querySelectorAll("button")) button.disabled = chosen.length === 0;
  };
  let last = null;
  table.addEventListener("click", (event) => {
    if (!event.target.matches?.("[data-check]")) return;
    const list = boxes();
    const now = list.indexOf(event.target);
    if (event.shiftKey && last !== null) {
      const [from, to] = last < now ? [last, now] : [now, last];
      for (const box of list.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = now;
    refresh();
  });
  all?.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    refresh();
  });
  table.addEventListener("change", refresh);
  refresh();
}

/* --- menus and drawers --- */

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest?.("[data-menu]"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (document.querySelector("[data-drawer]:target")) {
    location.hash = "main";
  }
});

document.addEventListener("focusin", (event) => {
  const menu = document.querySelector("[data-menu][open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

/* --- dialogs --- */

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog?.showModal) return;
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closer = event.target.closest?.("[data-dialog-close]");
  if (closer) closer.closest("dialog").close();
  else if (event.target.nodeName === "DIALOG") event.target.close(); // a click on the backdrop
});

document.addEventListener("keydown", (event) => {
  const opener = event.target.closest?.("a[data-dialog][role=button]");
  if (opener && event.key === " ") {
    event.preventDefault();
    opener.click();
  }
});

/* Ask in a dialog of our own; resolves to whether the answer was yes. */
function ask(question, action) {
  const template = document.getElementById("confirm-dialog");
  if (!template?.showModal) return Promise.resolve(window.confirm(question));
  template.querySelector("[data-confirm-text]").textContent = question;
  const yes = template.querySelector("[data-confirm-yes]");
  yes.textContent = action || yes.dataset.confirmYes;
  template.returnValue = "";
  template.showModal();
  template.querySelector("button:not([data-confirm-yes])").focus(); // Enter by habit must do no harm
  return new Promise((resolve) => {
    template.addEventListener("close", () => resolve(template.returnValue === "yes"), { once: true });
  });
}

/* --- forms --- */

const agreed = new WeakSet();
const underWay = new WeakSet();

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const button = event.submitter;
    const asking = button?.dataset.confirm ? button : form.dataset.confirm ? form : null;
    if (asking && !agreed.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(asking.dataset.confirm, asking.dataset.confirmAction).then((yes) => {
        if (!yes) return;
        agreed.add(form);
        form.requestSubmit(button);
        agreed.delete(form);
      });
      return;
    }
    if (form.method !== "post" || form.matches("[hx-post], [data-hx-post]")) return;
    if (underWay.has(form)) {
      event.preventDefault();
      return;
    }
    underWay.add(form);
    // After the browser has collected the form's values, so that the button's own is among them.
    setTimeout(() => {
      if (event.defaultPrevented) underWay.delete(form);
      else button?.setAttribute("aria-busy", "true");
    });
  },
  true,
);

// A page that comes back from the browser's history must be usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) underWay.delete(form);
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

document.addEventListener("change", (event) => {
  if (event.target.form) showFieldsInUse(event.target.form);
  const control = event.target;
  if (control.closest("[data-submit-on-change]")) control.form?.requestSubmit();
});

/* --- htmx --- */

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = csrfToken();
});
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) enhance(event.detail.elt);
});
document.addEventListener("htmx:confirm", (event) => {
  const question = event.detail.elt.dataset.confirm;
  if (!question || event.detail.elt.nodeName === "FORM") return; // forms were asked on submit
  event.preventDefault();
  ask(question, event.detail.elt.dataset.confirmAction).then((yes) => {
    if (yes) event.detail.issueRequest(true);
  });
});
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const text = document.body.dataset.textFailed;
    if (text) announce(text);
  });
}

enhance(document).finally(() => {
  document.documentElement.dataset.ready = "";
});
