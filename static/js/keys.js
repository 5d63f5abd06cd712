/* The keyboard: / search, j k rows, Enter opens, Esc closes, g + letter goes, ? help, and any data-key="x" is clicked by its key. */
"use strict";

(() => {
  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");
  const visible = (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? element.offsetParent !== null;
  const rows = () => [...document.querySelectorAll("[data-row]")].filter(visible);
  let going = 0; // until when a letter after g counts

  /** What has a key here, once per key: in the open drawer first, then in the current row, then on the page. */
  const keyed = () => {
    const all = [...document.querySelectorAll("[data-key]")].filter(visible).filter((e) => !e.closest("[data-row]:not(.is-current)"));
    const rank = (e) => (e.closest("#drawer.show") ? 0 : e.closest("[data-row]") ? 1 : 2);
    const first = new Map();
    for (const e of all.sort((a, b) => rank(a) - rank(b))) if (!first.has(e.dataset.key)) first.set(e.dataset.key, e);
    return [...first.values()];
  };

  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("is-current"));
    const row = all[Math.max(0, Math.min(all.length - 1, now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by))];
    desk.mark(row);
    row.scrollIntoView({ block: "nearest" });
    const link = row.querySelector("[data-row-link]");
    if (desk.drawer?.isOpen() && link?.matches("[data-drawer]")) return desk.drawer.open(link);
    (link || row).focus({ preventScroll: true });
  };

  const help = () => {
    const here = document.querySelector("#help-here");
    here.replaceChildren(...keyed().filter((e) => e.dataset.keyLabel).map((element) => {
      const line = document.createElement("div");
      const [term, text, key] = ["dt", "dd", "kbd"].map((name) => document.createElement(name));
      key.textContent = element.dataset.key;
      text.textContent = element.dataset.keyLabel;
      term.append(key);
      line.append(term, text);
      return line;
    }));
    document.querySelector("#help").showModal();
  };

  const escape = (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; return menu.querySelector("summary").focus(); }
    if (typing(event.target) && !event.target.closest("#drawer")) {
      event.preventDefault(); // or a search field would be emptied while its list stays narrowed
      return event.target.blur();
    }
    if (!desk.drawer?.isOpen()) return;
    event.preventDefault(); // or the same key press would close the question that closing may ask
    desk.drawer.close();
  };

  const commands = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": help,
    j: () => step(1),
    k: () => step(-1),
    Enter: (event) => document.activeElement === document.body && document.querySelector("[data-row].is-current [data-row-link]")?.click(),
    g: () => { going = Date.now() + 1200; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return escape(event);
    if (typing(event.target)) return;
    const go = Date.now() < going && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    going = 0;
    if (go) { event.preventDefault(); return go.click(); }
    const own = keyed().find((element) => element.dataset.key === event.key);
    const run = own ? () => own.click() : commands[event.key];
    if (!run) return;
    if (event.key !== "Enter") event.preventDefault();
    run(event);
  });

  document.addEventListener("click", (event) => { if (event.target.closest("[data-help]")) help(); });
})();
