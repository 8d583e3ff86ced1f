/* Requests of the theme's scripts: CSRF header, JSON, errors in words. */

export function csrfToken() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  if (meta) return meta.content;
  return document.querySelector('input[name="csrf_token"]')?.value ?? "";
}

/**
 * Post `body` as JSON and answer the decoded JSON (or null when there is none).
 * Throws an Error whose message may be shown: the "detail" or "title" of problem JSON, or `failed`;
 * its `data` is the decoded problem.
 */
export async function postJson(url, body, failed = "") {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRF-Token": csrfToken(),
    },
    body: JSON.stringify(body),
  });
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const data = isJson ? await response.json() : null;
  if (!response.ok) {
    const error = new Error(data?.detail || data?.title || failed || String(response.status));
    error.data = data;
    throw error;
  }
  return data;
}

/** Tell screen readers; a text that is already there is said again. */
export function announce(text) {
  const live = document.getElementById("live");
  if (!live) return;
  live.textContent = "";
  requestAnimationFrame(() => {
    live.textContent = text;
  });
}
