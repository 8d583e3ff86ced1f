/* Formulas: TeX between \( \), \[ \] and $$ $$, drawn by KaTeX where there are any.

   Drawn into elements, whose styles a script may set one by one; a style in markup would be refused
   by the content security policy. What KaTeX does not understand stays as it is. */

const SIGNS = ["\\(", "\\[", "$$"];
const DELIMITERS = [
  { left: "$$", right: "$$", display: true },
  { left: "\\[", right: "\\]", display: true },
  { left: "\\(", right: "\\)", display: false },
];

let loading;

function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = address;
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(new Error(`${address} did not load`)));
    document.head.append(element);
  });
}

async function load() {
  const where = document.querySelector('meta[name="modou-quiz"]').dataset;
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = where.katexCss;
  document.head.append(sheet);
  await script(where.katex);
  await Promise.all([script(where.katexAuto), script(where.katexChemistry)]);
}

export async function draw(root) {
  if (!SIGNS.some((sign) => root.textContent.includes(sign))) return;
  try {
    loading ??= load();
    await loading;
  } catch {
    loading = undefined; // another try with the next question; until then TeX is shown
    return;
  }
  window.renderMathInElement(root, {
    delimiters: DELIMITERS,
    throwOnError: true,
    errorCallback() {},
    ignoredTags: ["script", "noscript", "style", "textarea", "pre", "code", "option", "select"],
  });
}
