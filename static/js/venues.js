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
    $$("[data-rule]", form).forEach((part) => { part.hidden = Boolean(chosen) && !part.dataset.rule.split(" ").includes(chosen); });
    const kind = form.elements.kind?.value;
    $$("[data-kind]", form).forEach((part) => { part.hidden = Boolean(kind) && part.dataset.kind !== kind; });
  };

  document.addEventListener("input", ({ target }) => {
    const day = target.closest("[data-day]");
    if (day && target.matches("[data-part]")) {
      const closed = $("[data-closed]", day);
      if (target.value && closed) closed.checked = false;
      overnight(target.closest(".week-line") || day);
    }
    const form = target.closest("form[data-rules]");
    if (form && ["slot_rule", "kind"].includes(target.name)) rules(form);
  });

  htmx.onLoad((root) => $$("form[data-rules]", root.parentElement || document).forEach(rules));
})();
