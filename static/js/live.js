/* Keeps what is shown true: rows that changed, bookings that came in, the booking that is open.
   A page hears `booking-changed` {id} after every change made here, and `arrivals` {ids} from its poll. */
"use strict";

(() => {
  const QUIET = 3000; // ms without a key before a list may move by itself
  const TOP = 80;     // px from the top within which one still looks at the beginning
  const list = () => $("#bookings-list");
  const drawn = (id) => $(`#drawer [data-booking="${id}"]`);
  const waiting = new Set(); // arrivals that are announced and not shown yet
  let narrowed = list()?.dataset.url; // how the list was filtered when they came
  let typed = 0;

  /* ---------- parts: elements that take the place of those with the same id ---------- */

  const place = (template) => {
    for (const fresh of [...template.content.children]) {
      const old = document.getElementById(fresh.id);
      if (!old) continue;
      if (old.classList.contains("is-current")) fresh.classList.add("is-current");
      Idiomorph.morph(old, fresh, { morphStyle: "outerHTML" });
    }
    template.remove();
  };

  /** The drawer follows its row when somebody else changed the booking, unless one is typing in it. */
  const follow = () => {
    const open = $("#drawer.show [data-booking]");
    const row = open && document.getElementById(`row-${open.dataset.booking}`);
    if (row && Number(row.dataset.version) > Number(open.dataset.version) && !desk.unsaved($("#drawer")).length) reopen(open.dataset.booking);
  };

  let opening = null;
  const reopen = async (id) => {
    if (opening === id) return;
    opening = id;
    await htmx.ajax("GET", `/bookings/${id}`, { source: "#drawer-source", target: "#drawer-content", swap: "innerHTML" }).catch(() => {});
    opening = null;
  };

  /* ---------- arrivals ---------- */

  const isFree = () => scrollY < TOP && Date.now() - typed > QUIET && !$("dialog[open], details.menu[open]");

  const announce = () => {
    const chip = $("[data-arrivals]");
    if (!chip) return;
    chip.hidden = !waiting.size;
    chip.textContent = `${waiting.size} new, show`;
  };

  /** The list once more as it is filtered, with as many rows as are open and what came in since. */
  const refresh = () => {
    const root = list();
    const url = new URL(root.dataset.url, location.href);
    const shown = root.dataset.new.split(",").filter(Boolean);
    url.searchParams.set("new", [...new Set([...shown, ...waiting])].slice(-20).join(","));
    url.searchParams.set("rows", $$("[data-row]", root).length);
    waiting.clear();
    return htmx.ajax("GET", url.pathname + url.search, { source: "#bookings-list", target: "#bookings-list", swap: "morph:outerHTML" }).catch(() => {});
  };

  /** A row that came in and was shown on top has come to its place: Load more brought it. */
  const unpin = (row) => {
    const all = $$(`[id="${row.id}"]`);
    if (all.length > 1) all[0].remove();
  };

  const settle = () => {
    if (!list()) return;
    if (waiting.size && isFree()) refresh();
    else announce();
  };

  document.addEventListener("arrivals", (event) => {
    if (event.detail.anew) return refresh(); // what was today is yesterday
    event.detail.ids.filter((id) => !document.getElementById(`row-${id}`)).forEach((id) => waiting.add(id));
    settle();
  });
  addEventListener("scrollend", () => waiting.size && settle());
  addEventListener("input", () => { typed = Date.now(); }, { capture: true });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-arrivals]")) return;
    scrollTo({ top: 0, behavior: "instant" }); // a smooth one would be cut short by the new rows
    refresh();
  });

  /* ---------- changes made here ---------- */

  document.addEventListener("booking-changed", ({ detail: { id }, target }) => {
    if ($(`[data-booking-page="${id}"]`)) return location.reload();
    if (list()) {
      const url = new URL(list().dataset.url, location.href);
      url.searchParams.set("id", id);
      htmx.ajax("GET", `/bookings/changes${url.search}`, { source: "#bookings-parts", target: "#bookings-parts", swap: "innerHTML" }).catch(() => {});
    }
    if (drawn(id) && !target.closest("#drawer")) reopen(id);
  });

  /* ---------- whatever htmx swaps ---------- */

  let focused = null; // id of the row that had the focus
  document.addEventListener("htmx:beforeSwap", () => {
    focused = document.activeElement?.closest("[data-row]")?.id;
  });
  htmx.onLoad((root) => {
    (root.matches?.("template[data-parts]") ? [root] : $$("template[data-parts]", root)).forEach(place);
    if (list() && list().dataset.url !== narrowed) {
      narrowed = list().dataset.url;
      waiting.clear(); // they may not belong to what is asked for now
    }
    if (root.id === "bookings-poll" && waiting.size) settle();
    const row = document.activeElement === document.body && focused && document.getElementById(focused);
    if (row) $("[data-row-link]", row)?.focus({ preventScroll: true }); // its button went with the change
    if (root.closest?.("#drawer")) return document.activeElement === document.body && $("#drawer").focus({ preventScroll: true });
    follow();
    if (root.matches?.("[data-row]")) unpin(root);
    $$("[data-print]").forEach((button) => { button.hidden = false; });
  });
  document.addEventListener("click", (event) => event.target.closest("[data-print]") && print());

  /* ---------- filters: a quick range and days exclude each other ---------- */

  document.addEventListener("change", ({ target }) => {
    const form = target.closest("[data-filters]");
    if (target.name === "when") ["from", "to"].forEach((name) => { form.elements[name].value = ""; });
    else if (form && ["from", "to"].includes(target.name)) form.elements.when.value = "";
  }, { capture: true });
})();
