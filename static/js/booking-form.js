/* The edit form: lines of add-ons that can be added and removed, and what the parts come to while one types. */
"use strict";

(() => {
  const number = (text) => Number(String(text).replaceAll(",", "")) || 0;
  const format = (amount) => amount.toLocaleString("en", { maximumFractionDigits: 2 });

  const lines = (root) => $$("[data-line]", root);

  const renumber = (root) => lines(root).forEach((line, index) => $$("input", line).forEach((input) => {
    input.name = input.id = input.name.replace(/-\d+-/, `-${index}-`);
  }));

  const add = (root) => {
    const line = lines(root).at(-1).cloneNode(true);
    $$("input", line).forEach((input) => { input.value = ""; });
    lines(root).at(-1).after(line);
    renumber(root);
    $("input", line).focus();
  };

  const remove = (root, line) => {
    if (lines(root).length > 1) line.remove();
    else $$("input", line).forEach((input) => { input.value = ""; });
    renumber(root);
  };

  const sum = (form) => {
    const value = (name) => number(form.elements[name]?.value);
    const addons = lines(form).reduce((total, line) => {
      const quantity = $("[data-quantity]", line).value.trim();
      return total + (quantity === "" ? 1 : number(quantity)) * number($("[data-price]", line).value);
    }, 0);
    const parts = value("package_price") * value("guest_count") + addons + value("transport_cost") - value("discount_amount");
    const total = value("total_amount");
    const differs = Math.abs(parts - total) > 0.004;
    $("[data-sum-text]", form).textContent = differs ? `The lines come to ${format(parts)} ${form.dataset.currency}; the total is ${format(total)} ${form.dataset.currency}.` : "";
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-line-add], [data-line-remove]");
    const root = button?.closest("[data-lines]");
    if (!root) return;
    if (button.matches("[data-line-add]")) add(root);
    else remove(root, button.closest("[data-line]"));
    root.dispatchEvent(new Event("input", { bubbles: true }));
    root.form.dataset.dirty = "1";
    sum(root.form);
  });
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-sum]");
    if (form && "package_price" in form.elements) sum(form);
  });
  htmx.onLoad((root) => $$("[data-line-add], [data-line-remove]", root).forEach((button) => { button.hidden = false; }));
})();
