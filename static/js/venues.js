/* Venues: hours that are typed take "Closed" away, a night that ends tomorrow says so, and the form of an activity
   shows what the chosen rule needs. Without script everything is there, with its hints. */
"use strict";

(() => {
  const overnight = (line) => {
    const time = (part) => $(`[data-part=${part}]`, line)?.value || "";
    const note = $("[data-overnight]", line);
    if (note) note.hidden = !(time("opens") && time("closes") && time("closes") <= time("opens"));
  };

  const rules = (form) => {
    const chosen = form.elements.slot_rule?.value;
    $$("[data-rule]", form).forEach((part) => { part.hidden = Boolean(chosen) && part.dataset.rule !== chosen; });
  };

  document.addEventListener("input", ({ target }) => {
    const day = target.closest("[data-day]");
    if (day && target.matches("[data-part]")) {
      const closed = $("[data-closed]", day);
      if (target.value && closed) closed.checked = false;
      overnight(target.closest(".week-line") || day);
    }
    const form = target.closest("form[data-rules]");
    if (form && target.name === "slot_rule") rules(form);
  });

  htmx.onLoad((root) => $$("form[data-rules]", root.parentElement || document).forEach(rules));
})();
