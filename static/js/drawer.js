/* The drawer: a link with data-drawer opens its page beside the list. The address becomes the page's own, so it can be
   copied, reloaded and left by Back; closing restores the list's address and gives the focus back. */
"use strict";

(() => {
  const drawer = document.querySelector("#drawer");
  if (!drawer) return;
  const content = drawer.querySelector("#drawer-content");
  const scrim = document.querySelector(".drawer-scrim");
  const shell = document.querySelector("#shell");
  const narrow = matchMedia("(max-width: 991.98px)");
  let opener = null; // what gets the focus back
  let home = null;   // the list's address
  let wanted = 0;    // only the newest load may show
  let leaving = false; // our own history.back() is under way
  const here = () => location.pathname + location.search;
  let shown = here(); // the address this document and drawer show

  narrow.addEventListener("change", () => { shell.inert = isOpen() && narrow.matches; });
  const isOpen = () => drawer.classList.contains("show");

  const show = (open) => {
    drawer.classList.toggle("show", open);
    scrim.classList.toggle("show", open);
    shell.inert = open && narrow.matches;
    document.documentElement.classList.toggle("drawer-open", open);
  };

  const skeleton = () => content.replaceChildren(document.querySelector("#drawer-loading").content.cloneNode(true));

  /** Loads a page's fragment into the drawer. history: "push", "replace" or "none". */
  const load = async (url, mode) => {
    const ticket = ++wanted;
    if (!isOpen() && mode !== "none") home = location.href;
    delete content.dataset.loaded;
    const late = setTimeout(() => { skeleton(); show(true); }, isOpen() ? 400 : 120);
    await htmx.ajax("GET", url, { source: "#drawer-source", target: "#drawer-content", swap: "innerHTML" }).catch(() => {});
    clearTimeout(late);
    if (ticket !== wanted) return;
    if (content.dataset.loaded !== url) return close();
    if (mode !== "none") history[mode === "push" ? "pushState" : "replaceState"]({ drawer: url, home }, "", url);
    shown = here();
    show(true);
    content.querySelector(".drawer-body")?.scrollTo(0, 0);
    if (!content.contains(document.activeElement)) drawer.focus({ preventScroll: true });
  };

  const close = (restore = true) => {
    wanted += 1;
    if (!isOpen()) return;
    show(false);
    content.replaceChildren();
    delete content.dataset.loaded;
    if (restore && home && location.href !== home) {
      leaving = Boolean(history.state?.drawer);
      leaving ? history.back() : history.replaceState(null, "", home);
    }
    shown = new URL(home).pathname + new URL(home).search;
    const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
    (back || document.querySelector("[data-row].is-current [data-row-link]"))?.focus({ preventScroll: true });
  };

  /** Asks first when something typed in the drawer would be lost; resolves to whether it is fine to go on. */
  const mayLeave = async () => !desk.unsaved(drawer).length
    || desk.confirm("What you typed in this form is not saved.", { title: "Leave without saving?", label: "Leave", tone: "danger" });

  desk.drawer = {
    isOpen,
    async open(link) {
      if (!(await mayLeave())) return;
      opener = link;
      desk.mark(link.closest("[data-row]"));
      await load(link.href, isOpen() ? "replace" : "push");
    },
    async close() { if (await mayLeave()) close(); },
  };

  content.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== content || event.detail.xhr.status >= 400) return;
    content.dataset.loaded = event.detail.requestConfig.path;
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-drawer-close]")) { event.preventDefault(); return desk.drawer.close(); }
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a[data-drawer]");
    if (!link) return;
    event.preventDefault();
    desk.drawer.open(link);
  });

  const moved = () => { shown = here(); };
  document.addEventListener("htmx:pushedIntoHistory", moved);
  document.addEventListener("htmx:replacedInHistory", () => { moved(); home = location.href; });

  // Runs before htmx's own handler, which would reload the whole page.
  addEventListener("popstate", (event) => {
    if (here() === shown && !leaving) return; // only the #fragment changed
    event.stopImmediatePropagation();
    const state = event.state;
    if (leaving) leaving = false;
    else if (isOpen() && desk.unsaved(drawer).length) { // stay, and ask
      history.pushState({ drawer: shown, home }, "", shown);
      desk.drawer.close();
    }
    else if (state?.drawer) { home = state.home; load(state.drawer, "none"); }
    else if (isOpen() && location.href === home) close(false);
    else location.reload(); // this document never held that address (it was reloaded in between)
    shown = here();
  }, { capture: true });
})();
