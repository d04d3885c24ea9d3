// Pollers sleep in a hidden tab, and ask as soon as somebody comes back.
(() => {
  const POLLER = '[hx-trigger^="every"]';

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target instanceof Element && event.target.matches(POLLER)) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.querySelectorAll(POLLER).forEach((poller) => htmx.trigger(poller, "wake"));
  });
})();
