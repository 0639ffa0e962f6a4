"use strict";

// Copy buttons, and choosing an order in the bar. Everything else works without a script.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent.trim();
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Browsers refuse outside https and localhost: select it, so that Ctrl+C does.
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = label; }, 1600);
});

document.querySelector(".events select")?.addEventListener("change", (event) => {
  event.target.form.requestSubmit();
});
