/* What every page does: toasts, errors, confirmation, double-submit guard, unsaved changes, copy, polling, theme, menus.
   Everything hangs on data attributes (docs/ui.md); pages without this script still work. Text is only ever set by textContent. */
"use strict";

const desk = (window.desk = {});
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
document.documentElement.classList.add("js");

/* ---------- toasts ---------- */

/** Shows a message. tone: info, success, warning or danger; undo: {url, label, target, swap}. Errors stay until dismissed. */
desk.toast = ({ text, tone = "info", undo = null }) => {
  const region = $("#toasts");
  const item = $("#toast-template").content.firstElementChild.cloneNode(true);
  item.classList.replace("toast-info", `toast-${tone}`);
  $(".toast-text", item).textContent = text;
  if (undo) {
    const button = $(".toast-undo", item);
    button.textContent = undo.label || "Undo";
    button.hidden = false;
    Object.assign(button.dataset, { toastUndo: undo.url, target: undo.target || "", swap: undo.swap || "" });
  }
  while (region.children.length > 2) region.firstElementChild.remove();
  region.append(item);
  if (tone !== "danger") expire(item, undo ? 10000 : 5000);
};

/** Takes a toast away after a while, but not while someone reads or reaches for it. */
const expire = (item, ms) => {
  const tick = () => (item.matches(":hover, :focus-within") ? setTimeout(tick, 1000) : item.remove());
  setTimeout(tick, ms);
};

const undo = (button) => {
  const { toastUndo: url, target, swap } = button.dataset;
  const item = button.closest(".toast-item");
  item.hidden = true; // stays in the page until the answer is there, so that events of the answer still bubble
  htmx.ajax("POST", url, { source: button, target: target || item, swap: target ? swap || "outerHTML" : "none" })
    .catch(() => {}).finally(() => item.remove());
};

document.addEventListener("toast", (event) => desk.toast(event.detail));
$$("#toasts .toast-item:not(.toast-danger)").forEach((item) => expire(item, 6000));

/* ---------- what went wrong ---------- */

const failures = {
  0: "No connection. Nothing you typed is lost; try again in a moment.",
  400: "The server could not read that. Reload the page and try again.",
  403: "You are not allowed to do this.",
  404: "This is no longer here. It may have been moved or removed.",
  409: "Somebody else changed this in the meantime. Reload to see what is new.",
  413: "That is too big to send.",
  429: "Too many tries. Wait a moment, then try again.",
};
const isPoll = (event) => event.detail.requestConfig?.elt?.hasAttribute?.("data-poll");

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (isPoll(event)) return;
  const said = event.detail.xhr.getResponseHeader("HX-Trigger") || "";
  if (said.includes('"toast"')) return; // the server said it better
  desk.toast({ text: failures[status] || "Something went wrong on our side. Nothing you typed is lost; try again.", tone: "danger" });
});
document.addEventListener("htmx:sendError", (event) => {
  if (!isPoll(event)) desk.toast({ text: failures[0], tone: "danger" });
});
document.addEventListener("htmx:timeout", () => desk.toast({ text: "The server takes too long. Try again.", tone: "danger" }));

/* ---------- confirmation ---------- */

/** Asks with the dialog; resolves to true or false. options: {title, label, tone}. */
desk.confirm = (text, { title = "Are you sure?", label = "Continue", tone = "primary" } = {}) => {
  const dialog = $("#confirm");
  if (dialog.open) return Promise.resolve(false);
  $("#confirm-title").textContent = title;
  $("#confirm-text").textContent = text;
  const yes = $("#confirm-yes");
  yes.textContent = label;
  yes.className = `btn btn-${tone}`;
  dialog.returnValue = "no";
  dialog.showModal();
  if (tone !== "danger") yes.focus(); // else Enter goes back
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
};

const ask = (element) => {
  const { confirm, confirmTitle: title, confirmLabel: label, confirmTone: tone } = element.dataset;
  return desk.confirm(confirm, { title, label: label || element.textContent.trim() || undefined, tone });
};

// htmx queues a second click behind the first and then sends it too; here it is dropped while the first is on its way.
const inFlight = new WeakSet();
document.addEventListener("htmx:beforeSend", (event) => inFlight.add(event.detail.requestConfig.elt));
document.addEventListener("htmx:afterRequest", (event) => inFlight.delete(event.detail.requestConfig.elt));

document.addEventListener("htmx:confirm", (event) => {
  const { elt, verb, triggeringEvent, issueRequest } = event.detail;
  if (verb !== "get" && inFlight.has(elt)) return event.preventDefault();
  const asking = [triggeringEvent?.submitter, elt].find((e) => e?.dataset?.confirm);
  if (!asking) return;
  event.preventDefault();
  ask(asking).then((yes) => yes && issueRequest(true));
});

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method === "dialog") return; // htmx has taken it
  if (form.ariaBusy === "true") return event.preventDefault();
  const asking = [submitter, form].find((e) => e?.dataset.confirm);
  if (asking && !form.dataset.confirmed) {
    event.preventDefault();
    return ask(asking).then((yes) => {
      if (!yes) return;
      form.dataset.confirmed = "1";
      form.requestSubmit(submitter);
    });
  }
  delete form.dataset.confirmed;
  delete form.dataset.dirty;
  if (form.method !== "post") return;
  form.ariaBusy = "true";
  setTimeout(() => (form.ariaBusy = null), 10000); // a download leaves the page where it is
});
addEventListener("pageshow", () => $$("form[aria-busy=true]").forEach((form) => (form.ariaBusy = null)));

/* ---------- unsaved changes ---------- */

desk.unsaved = (root = document) => $$("form[data-guard][data-dirty]", root);
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-guard")) form.dataset.dirty = "1";
});
addEventListener("beforeunload", (event) => desk.unsaved().length && event.preventDefault());
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const form = event.detail.requestConfig?.elt?.closest?.("form[data-guard]");
  if (form && event.detail.requestConfig.verb !== "get" && event.detail.xhr.status < 400) delete form.dataset.dirty;
});

/* ---------- clicks ---------- */

const copy = async (button) => {
  const source = button.dataset.copy;
  const from = source.startsWith("#") && $(source);
  await navigator.clipboard.writeText(from ? from.value ?? from.textContent : source);
  desk.toast({ text: "Copied.", tone: "success" });
};

const setTheme = (choice) => {
  document.cookie = `theme=${choice}; path=/; max-age=31536000; SameSite=Lax`;
  document.documentElement.dataset.themeChoice = choice;
  document.documentElement.dispatchEvent(new Event("themechoice"));
  $$("[data-theme-set]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.themeSet === choice));
};

const clicks = {
  "[data-copy]": (button) => copy(button).catch(() => desk.toast({ text: "The browser did not allow copying. Select the text and copy it.", tone: "warning" })),
  "[data-toast-close]": (button) => button.closest(".toast-item").remove(),
  "[data-toast-undo]": undo,
  "[data-theme-set]": (button) => setTheme(button.dataset.themeSet),
  "[data-back]": () => history.back(),
  ".error-summary a[href^='#']": (link, event) => {
    event.preventDefault(); // a new address would look like leaving the drawer
    document.getElementById(link.hash.slice(1))?.focus();
  },
};
document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(clicks)) {
    const found = event.target.closest(selector);
    if (found) act(found, event);
  }
  $$("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target) || event.target.closest(".menu-item")) menu.open = false;
  });
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});

/* ---------- filters: empty ones stay out of the address ---------- */

document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  if (!elt.matches?.("[data-filters]")) return;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});

/* ---------- polling: <div data-poll="/changes?after=9" data-poll-seconds="15" hx-target hx-swap> ---------- */

const LONGEST = 300;
const poll = async (element, failed = 0) => {
  const seconds = Math.min(Number(element.dataset.pollSeconds || 15) * 2 ** failed, LONGEST);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  if (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  if (!element.isConnected) return;
  let ok = false;
  const note = (event) => event.detail.requestConfig.elt === element && (ok = event.detail.successful);
  document.addEventListener("htmx:afterRequest", note);
  await htmx.ajax("GET", element.dataset.poll, { source: element }).catch(() => {});
  document.removeEventListener("htmx:afterRequest", note);
  if ($("#offline")) $("#offline").hidden = ok || navigator.onLine;
  if (element.isConnected) poll(element, ok ? 0 : failed + 1);
};

htmx.onLoad((root) => {
  const within = (selector) => [...(root.matches?.(selector) ? [root] : []), ...$$(selector, root)];
  within("[data-poll]").forEach((element) => {
    if (element.polling) return;
    element.polling = true;
    poll(element);
  });
  within("[data-autofocus]").at(0)?.focus();
  if (history.length > 1) within("[data-back]").forEach((button) => (button.hidden = false));
});
