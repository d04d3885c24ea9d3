// Pollers sleep in a hidden tab, and ask as soon as somebody comes back. At a page that nobody has touched for long they
// say so: it shows what is known, and nobody is asked anew for it. While the panel says that many ask at once, or
// does not answer, they leave out every other time, but where somebody waits for what is on its way.
(() => {
  const POLLER = '[hx-trigger^="every"]';
  const IDLE_AFTER = 15 * 60 * 1000;
  const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart", "focus"];
  let leavesOut = false;
  let touchedAt = Date.now();

  const isIdle = () => Date.now() - touchedAt > IDLE_AFTER;
  const wake = () => document.querySelectorAll(POLLER).forEach((poller) => htmx.trigger(poller, "wake"));
  const touch = () => {
    const wasIdle = isIdle();
    touchedAt = Date.now();
    if (wasIdle) wake();
  };

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers } = event.detail;
    if (elt.matches(POLLER) && isIdle()) headers["Panel-Idle"] = "1";
  });
  SIGNS.forEach((sign) => window.addEventListener(sign, touch, { capture: true, passive: true }));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!(event.target instanceof Element && event.target.matches(POLLER))) return;
    const isWoken = event.detail.requestConfig.triggeringEvent?.type === "wake";
    const isPutOff = leavesOut && !isWoken && !event.target.hasAttribute("data-waited-for");
    if (document.hidden || isPutOff) event.preventDefault();
    leavesOut = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, xhr, successful } = event.detail;
    if (requestConfig.elt.matches(POLLER)) leavesOut = !successful || xhr.getResponseHeader("Panel-Crowded") !== null;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    touchedAt = Date.now();
    wake();
  });
})();
