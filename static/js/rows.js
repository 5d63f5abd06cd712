/* Rows of a list: a click anywhere opens the row, one row is the current one, and "Load more" goes on where it ended. */
"use strict";

(() => {
  let current = ""; // id of the current row; a list that is drawn anew keeps it
  let last = null;  // the row before "Load more" while more are on their way

  /** Makes a row the current one. Without a row: marks it again after a redraw. */
  desk.mark = (row = null) => {
    current = row ? row.id : current;
    document.querySelectorAll("[data-row]").forEach((r) => r.classList.toggle("is-current", r.id === current));
  };

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("a, button, input, select, label, summary, textarea, form")) return;
    if (!getSelection().isCollapsed) return; // selecting text is not opening
    row.querySelector("[data-row-link]")?.click();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    last = event.detail.requestConfig.elt.closest(".list-more")?.previousElementSibling ?? last;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (current) desk.mark();
    const lost = document.activeElement === document.body; // or one has begun to type elsewhere meanwhile
    if (lost) last?.nextElementSibling?.querySelector("[data-row-link]")?.focus({ preventScroll: true });
    last = null;
  });
})();
