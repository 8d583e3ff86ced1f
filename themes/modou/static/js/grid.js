/* The grade book's grid: one cell holds the focus, arrows walk, Enter edits, each cell saves itself.
   The markup and the exchange with the server are described in macros/grades.jinja2. */

import { announce, postJson } from "./http.js";

const known = new WeakSet();

export function enhance(root) {
  for (const table of root.querySelectorAll("[data-grid]")) {
    if (known.has(table)) continue;
    known.add(table);
    new Grid(table);
  }
}

class Grid {
  constructor(table) {
    this.table = table;
    this.editing = null;
    this.queue = Promise.resolve(); // one save after the other: order kept, server spared
    this.status = table.closest(".grid-box")?.parentElement.querySelector("[data-grid-status]");
    const first = this.cells(this.rows()[0] ?? table)[0];
    for (const cell of table.querySelectorAll('[role="gridcell"]')) cell.tabIndex = -1;
    // The links lead those without scripts to a form; here the cell itself is edited.
    for (const link of table.querySelectorAll('[role="gridcell"] a')) link.tabIndex = -1;
    if (first) first.tabIndex = 0;
    table.addEventListener("keydown", (event) => this.key(event));
    table.addEventListener("focusin", (event) => this.focused(event));
    table.addEventListener("dblclick", (event) => this.begin(event.target.closest("[data-cell]")));
    table.addEventListener("click", (event) => {
      const cell = event.target.closest('[role="gridcell"]');
      if (!cell || this.editing === cell) return;
      if (event.target.closest("a") && !event.ctrlKey && !event.metaKey) event.preventDefault();
      // One tap edits where there is no keyboard to press Enter on.
      if (matchMedia("(pointer: coarse)").matches) this.begin(cell);
      else cell.focus();
    });
    table.addEventListener("paste", (event) => this.paste(event));
  }

  rows() {
    return [...this.table.tBodies].flatMap((body) => [...body.rows]);
  }

  cells(row) {
    return [...row.querySelectorAll('[role="gridcell"]')];
  }

  place(cell) {
    const rows = this.rows();
    const row = rows.indexOf(cell.parentElement);
    return { rows, row, column: this.cells(cell.parentElement).indexOf(cell) };
  }

  at(row, column) {
    const rows = this.rows();
    const cells = this.cells(rows[Math.max(0, Math.min(row, rows.length - 1))]);
    return cells[Math.max(0, Math.min(column, cells.length - 1))];
  }

  focused(event) {
    const cell = event.target.closest('[role="gridcell"]');
    if (!cell || event.target !== cell) return;
    for (const other of this.table.querySelectorAll('[role="gridcell"][tabindex="0"]')) other.tabIndex = -1;
    cell.tabIndex = 0;
  }

  key(event) {
    if (event.isComposing) return;
    const cell = event.target.closest('[role="gridcell"]');
    if (!cell) return;
    if (this.editing) this.keyEditing(event, cell);
    else this.keyWalking(event, cell);
  }

  keyWalking(event, cell) {
    const { rows, row, column } = this.place(cell);
    const page = 10;
    const far = event.ctrlKey || event.metaKey;
    const target = {
      ArrowUp: () => this.at(row - 1, column),
      ArrowDown: () => this.at(row + 1, column),
      ArrowLeft: () => this.at(row, column - 1),
      ArrowRight: () => this.at(row, column + 1),
      PageUp: () => this.at(row - page, column),
      PageDown: () => this.at(row + page, column),
      Home: () => this.at(far ? 0 : row, 0),
      End: () => this.at(far ? rows.length - 1 : row, Infinity),
    }[event.key];
    if (target) {
      event.preventDefault();
      target().focus();
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      this.begin(cell);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (cell.dataset.cell === undefined || cell.dataset.value === "") return;
      event.preventDefault();
      this.save(cell, "");
    } else if (/^[0-9.]$/.test(event.key) && !far && !event.altKey) {
      event.preventDefault();
      this.begin(cell, event.key);
    }
  }

  keyEditing(event, cell) {
    const { row, column } = this.place(cell);
    if (event.key === "Escape") {
      event.preventDefault();
      this.end(false);
      cell.focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.end(true);
      this.at(row + (event.shiftKey ? -1 : 1), column).focus();
    } else if (event.key === "Tab") {
      const next = this.at(row, column + (event.shiftKey ? -1 : 1));
      this.end(true);
      if (next === cell) return;
      event.preventDefault();
      next.focus();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      this.end(true);
      this.at(row + (event.key === "ArrowUp" ? -1 : 1), column).focus();
    }
  }

  begin(cell, typed = null) {
    if (!cell || cell.dataset.cell === undefined || this.editing) return;
    this.editing = cell;
    const input = document.createElement("input");
    input.type = "text";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.setAttribute("aria-label", cell.getAttribute("aria-label") || this.heading(cell));
    input.value = typed ?? cell.dataset.value ?? "";
    cell.append(input);
    input.focus();
    if (typed === null) input.select();
    input.addEventListener("blur", () => {
      if (this.editing === cell) this.end(true);
    });
  }

  heading(cell) {
    const head = this.table.tHead?.rows[this.table.tHead.rows.length - 1]?.cells[cell.cellIndex];
    const learner = cell.parentElement.querySelector('th[scope="row"]');
    return [learner, head].map((one) => one?.innerText.replace(/\s+/g, " ").trim() ?? "").join(", ");
  }

  end(keep) {
    const cell = this.editing;
    const input = cell.querySelector("input");
    const value = input.value.trim(); // the server knows what people mean by 85,5 or ８５
    this.editing = null;
    input.remove();
    const changed = value !== (cell.dataset.value ?? "") || cell.dataset.state === "failed";
    if (keep && changed) this.save(cell, value);
  }

  save(cell, value) {
    cell.dataset.state = "saving";
    // What the server has, as far as this page knows; the value itself may be one that failed.
    cell.dataset.stored ??= cell.dataset.value ?? "";
    this.write(cell, value);
    this.queue = this.queue.then(() => this.send(cell, value));
  }

  async send(cell, value) {
    const { saving, saved, failed } = this.table.dataset;
    this.show(saving);
    try {
      const { row, column } = cell.dataset;
      const url = cell.querySelector("a")?.href || this.table.dataset.url;
      const body = { row, column, value: value === "" ? null : value, old: cell.dataset.stored };
      const reason = this.table.dataset.reason && document.getElementById(this.table.dataset.reason);
      if (reason) body.reason = reason.value;
      const answer = await postJson(url, body, failed);
      this.paint(cell, answer?.text ?? value, answer?.level);
      cell.dataset.value = answer?.value ?? value;
      cell.dataset.stored = cell.dataset.value;
      cell.dataset.state = "saved";
      cell.removeAttribute("aria-invalid");
      this.show(saved);
      for (const other of answer?.cells ?? []) {
        const at = `[data-row="${CSS.escape(other.row)}"][data-column="${CSS.escape(other.column)}"]`;
        const found = this.table.querySelector(at);
        if (found) this.paint(found, other.text, other.level);
      }
      announce(`${this.heading(cell)}: ${cell.textContent} ${saved}`);
      setTimeout(() => {
        if (cell.dataset.state === "saved") delete cell.dataset.state;
      }, 2500);
    } catch (error) {
      // What was typed stays to be corrected; the old grade is still the stored one.
      cell.dataset.state = "failed";
      cell.dataset.value = value;
      if (error.data?.value !== undefined) cell.dataset.stored = error.data.value;
      cell.setAttribute("aria-invalid", "true");
      const reason = error.message && error.message !== failed ? `${failed}: ${error.message}` : failed;
      this.show(`${this.heading(cell)}: ${reason}`, true);
      announce(`${this.heading(cell)}: ${reason}`);
    }
  }

  show(text, isError = false) {
    if (!this.status) return;
    this.status.textContent = text;
    this.status.classList.toggle("is-error", isError);
  }

  /* Into the link, where the cell is one. */
  write(cell, text) {
    (cell.querySelector("a") ?? cell).textContent = text;
  }

  paint(cell, text, level) {
    this.write(cell, text);
    if (level) cell.dataset.level = level;
    else if (level === "") delete cell.dataset.level;
  }

  /* A column or block copied from a spreadsheet fills the cells below and to the right. */
  paste(event) {
    const start = event.target.closest("[data-cell]");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!start || this.editing || !/[\n\t]/.test(text.trim())) return;
    event.preventDefault();
    const { rows, row, column } = this.place(start);
    text.replace(/\r?\n$/, "").split(/\r?\n/).forEach((line, down) => {
      line.split("\t").forEach((value, right) => {
        if (row + down >= rows.length) return;
        const cell = this.cells(rows[row + down])[column + right];
        if (cell?.dataset.cell !== undefined && value.trim() !== (cell.dataset.value ?? "")) {
          this.save(cell, value.trim());
        }
      });
    });
  }
}
