/* Small pictures of the film above its progress bar, while the pointer is over it. */

import { clock, element } from "./format.js";

/**
 * @param {object|null} sheets {every, width, height, columns, rows, sheets: [address, …]}
 * @param {(seconds: number) => boolean} open whether a place may be sought
 */
export function previews(player, sheets, open, { locked }) {
  const bar = player.controlBar.progressControl.el();
  const box = element("div", "lesson-preview");
  const picture = element("div", "lesson-preview-picture");
  const time = element("span", "lesson-preview-time");
  box.setAttribute("aria-hidden", "true");
  box.hidden = true;
  box.append(picture, time);
  bar.append(box);
  bar.addEventListener("pointermove", (event) => {
    const { left, width } = bar.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    const seconds = share * (player.duration() || 0);
    const may = open(seconds);
    const number = sheets ? Math.floor(seconds / sheets.every) : 0;
    const each = sheets ? sheets.columns * sheets.rows : 1;
    const address = may ? sheets?.sheets[Math.floor(number / each)] : null;
    picture.hidden = !address;
    if (address) {
      const cell = number % each;
      const x = (cell % sheets.columns) * sheets.width;
      const y = Math.floor(cell / sheets.columns) * sheets.height;
      picture.style.width = `${sheets.width}px`;
      picture.style.height = `${sheets.height}px`;
      picture.style.backgroundImage = `url("${address}")`;
      picture.style.backgroundPosition = `-${x}px -${y}px`;
    }
    time.textContent = may ? clock(seconds) : `${clock(seconds)} · ${locked}`;
    box.hidden = false;
    const half = box.offsetWidth / 2;
    const x = Math.min(width - half, Math.max(half, share * width));
    box.style.left = `${x}px`;
  });
  bar.addEventListener("pointerleave", () => {
    box.hidden = true;
  });
}
