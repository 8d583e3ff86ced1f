// The page of one answer: remarks on selected words, keys, the sum of a rubric. Everything that is
// sent stands in the form's own fields; without this script they are filled in by hand.

const desk = document.querySelector("[data-marking]");
const form = desk?.querySelector(".mark-form");
const answer = desk?.querySelector("[data-answer]");

// Places are counted in characters (code points), as the server does, not in UTF-16 units.
const length = (text) => [...text].length;

function placeOf(node, offset) {
  const range = document.createRange();
  range.selectNodeContents(answer);
  range.setEnd(node, offset);
  return length(range.toString());
}

function selected() {
  const selection = document.getSelection();
  if (!answer || !selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!answer.contains(range.startContainer) || !answer.contains(range.endContainer)) return null;
  const quote = range.toString();
  if (!quote.trim()) return null;
  const start = placeOf(range.startContainer, range.startOffset);
  return { quote, start, end: start + length(quote) };
}

class Notes {
  constructor(list, button) {
    this.list = list;
    this.button = button;
    this.rows = [...list.querySelectorAll("[data-note-row]")];
    for (const row of this.rows) this.dress(row);
    this.show();
    button.hidden = false;
    for (const help of form.querySelectorAll("[data-without-script]")) help.hidden = true;
    for (const help of form.querySelectorAll("[data-with-script]")) help.hidden = false;
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.add(selected()));
    document.addEventListener("selectionchange", () => {
      button.disabled = !selected();
    });
  }

  field(row, name) {
    return row.querySelector(`[data-note-${name}]`);
  }

  isEmpty(row) {
    return !this.field(row, "quote").value && !this.field(row, "words").value;
  }

  dress(row) {
    const remove = this.field(row, "remove");
    remove.hidden = false;
    remove.addEventListener("click", () => {
      for (const name of ["quote", "words", "start", "end"]) this.field(row, name).value = "";
      this.show();
      paint(this.rows, this);
      this.button.focus();
    });
    this.field(row, "quote").readOnly = true;
  }

  show() {
    for (const row of this.rows) row.hidden = this.isEmpty(row);
  }

  free() {
    const empty = this.rows.find((row) => this.isEmpty(row));
    if (empty) return empty;
    const last = this.rows.at(-1);
    const row = last.cloneNode(true);
    const number = this.rows.length;
    for (const element of row.querySelectorAll("[name], [for]")) {
      for (const attribute of ["name", "id", "for"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace(/^notes-\d+/, `notes-${number}`));
      }
      if ("value" in element) element.value = "";
    }
    this.list.append(row);
    this.rows.push(row);
    this.dress(row);
    return row;
  }

  add(passage) {
    if (!passage) return;
    const row = this.free();
    for (const name of ["quote", "start", "end"]) this.field(row, name).value = passage[name];
    row.hidden = false;
    this.field(row, "words").focus();
    paint(this.rows, this);
  }
}

// Shows where remarks stand, where the browser can do so without changing the text.
function paint(rows, notes) {
  if (!answer || !globalThis.CSS?.highlights) return;
  const text = answer.firstChild;
  if (!text || text.nodeType !== Node.TEXT_NODE) return;
  const characters = [...text.data];
  const unit = (place) => characters.slice(0, place).join("").length;
  const ranges = [];
  for (const row of rows) {
    const start = notes.field(row, "start").value;
    const end = notes.field(row, "end").value;
    if (start === "" || end === "") continue;
    const range = document.createRange();
    range.setStart(text, unit(Number(start)));
    range.setEnd(text, unit(Number(end)));
    ranges.push(range);
  }
  CSS.highlights.set("remark", new Highlight(...ranges));
}

function watchRubric() {
  const criteria = [...form.querySelectorAll(".mark-criterion")];
  const sum = form.querySelector("[data-sum]");
  if (!criteria.length || !sum) return;
  const worth = Number(desk.dataset.worth);
  const inputs = (criterion) => [...criterion.querySelectorAll("[data-points]")];
  const most = criteria.reduce(
    (total, c) => total + Math.max(...inputs(c).map((i) => Number(i.dataset.points))),
    0,
  );
  const reckon = () => {
    const chosen = criteria.map((c) => inputs(c).find((i) => i.checked));
    sum.hidden = chosen.some((input) => !input) || !most;
    if (sum.hidden) return;
    const points = chosen.reduce((total, input) => total + Number(input.dataset.points), 0);
    const marks = Math.round((points / most) * worth * 100) / 100;
    sum.textContent = `${sum.dataset.text} ${marks} / ${Math.round(worth * 100) / 100}`;
  };
  form.addEventListener("change", reckon);
  reckon();
}

function isWriting(element) {
  return element?.matches?.("textarea, select, input:not([type=radio]):not([type=checkbox])");
}

function watchKeys() {
  form.querySelector("[data-keys]").hidden = false;
  const focus = (id) => document.getElementById(id)?.focus();
  const acts = {
    j: () => document.querySelector("[data-key=j]")?.click(),
    k: () => document.querySelector("[data-key=k]")?.click(),
    m: () => focus("points"),
    c: () => focus("comment"),
    r: () => desk.querySelector("[data-add-note]:not([disabled])")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.querySelector('[data-key="ctrl+enter"]')?.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function watchGifts() {
  const points = document.getElementById("points");
  for (const button of form.querySelectorAll("[data-give]")) {
    button.hidden = false;
    for (const help of form.querySelectorAll("[data-without-script]")) help.hidden = true;
    for (const help of form.querySelectorAll("[data-with-script]")) help.hidden = false;
    button.addEventListener("click", () => {
      points.value = String(Math.round(Number(button.dataset.give) * 100000) / 100000);
      points.focus();
    });
  }
}

if (form) {
  const list = form.querySelector("[data-notes]");
  const button = desk.querySelector("[data-add-note]");
  if (list && button) {
    const notes = new Notes(list, button);
    paint(notes.rows, notes);
  }
  watchRubric();
  watchKeys();
  watchGifts();
}
