/* Times and texts as the page shows them. */

/** 754 -> "12:34"; from an hour on "1:02:03". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`;
}

/** Fill `${name}` in a text of the page. */
export function fill(text, values) {
  return text.replace(/\$\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** An element with a class and a text. */
export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}
