/* A new booking: buttons beside the numbers, and a known guest fills in what is still empty. All of it works without. */
"use strict";

(() => {
  const step = (button) => {
    const input = $("[data-count]", button.parentElement);
    input.value = Math.max(0, (Number(input.value) || 0) + Number(button.dataset.step));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  /** Writes what is known where nothing was typed, and over what another number had filled in. */
  const fill = (input, text) => {
    if (input.value && input.value !== input.dataset.filled) return;
    input.value = input.dataset.filled = text || "";
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-step]");
    if (button) step(button);
  });
  document.addEventListener("focusin", ({ target }) => { if (target.matches("[data-count]")) target.select(); });
  document.addEventListener("change", ({ target }) => {
    const overbook = $("#overbook");
    if (target.name === "slot" && overbook) overbook.checked = false; // it was meant for another time
  });
  const table = () => {
    const part = $("#at-table"), visit = $("#visit");
    if (part && visit) part.hidden = visit.dataset.kind !== "table";
  };

  document.addEventListener("htmx:afterSettle", table);
  htmx.onLoad((root) => {
    table();
    $$("[data-step]", root.parentElement || document).forEach((button) => { button.hidden = false; });
    $(".new-day[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    if (!root.matches("[data-known]")) return;
    fill($("#customer_name"), root.dataset.name);
    fill($("#customer_email"), root.dataset.email);
  });
})();
