// An action that got no usable answer must not look as if nothing was pressed.
(() => {
  const box = document.getElementById("trouble");
  if (!box) return;
  // By who asked: an answer may go elsewhere than into its poller, and a request that failed has no target yet.
  const isPoll = (event) => event.detail.requestConfig?.elt.matches('[hx-trigger^="every"]');

  function show(event) {
    if (isPoll(event)) return;
    const status = event.detail.xhr?.status;
    box.querySelector("[data-sentence]").textContent =
      status === 403
        ? "This is not allowed, or you were signed out, or the page was open for too long. Load it again; nothing was saved."
        : "The panel did not answer. If you pressed a button: look in Requests before you press it again.";
    box.hidden = false;
  }

  document.addEventListener("htmx:responseError", show);
  document.addEventListener("htmx:sendError", show);
  document.addEventListener("htmx:timeout", show);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isPoll(event)) box.hidden = true;
  });
})();
