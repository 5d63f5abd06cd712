/* Messages: a variable goes where the cursor was; another language or variant is another page; the settings show
   what the chosen provider needs. Without script everything is there. */
"use strict";

(() => {
  let last = null;

  const insert = (text) => {
    const field = last?.isConnected ? last : $("#body");
    if (!field) return;
    field.focus();
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const accounts = (form) => $$("[data-account]", form).forEach((part) => {
    const [field, provider] = part.dataset.account.split(":");
    part.hidden = form.elements[field]?.value !== provider;
  });

  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("[data-words]")) last = target;
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-insert]");
    if (button) insert(button.dataset.insert);
  });

  document.addEventListener("change", ({ target }) => {
    const form = target.closest("form[data-accounts]");
    if (form) accounts(form);
    if (!target.matches("[data-go]")) return;
    const address = new URL(window.location.href);
    $$("[data-go]", target.form).forEach((field) => address.searchParams.set(field.name, field.value));
    window.location.assign(address);
  });

  $$("form[data-accounts]").forEach(accounts);
})();
