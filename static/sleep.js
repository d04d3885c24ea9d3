// Pollers sleep in a hidden tab, and ask as soon as somebody comes back. While the panel says that many ask at once,
// they leave out every other time, but where somebody waits for what is on its way.
(() => {
  const POLLER = '[hx-trigger^="every"]';
  const WAITED_FOR = '[hx-trigger^="every 2s"]';
  let leavesOut = false;

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!(event.target instanceof Element && event.target.matches(POLLER))) return;
    const isAwake = event.detail.requestConfig.triggeringEvent?.type === "wake";
    if (document.hidden || (leavesOut && !isAwake && !event.target.matches(WAITED_FOR))) event.preventDefault();
    leavesOut = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.elt.matches(POLLER)) leavesOut = event.detail.xhr.getResponseHeader("Panel-Crowded") !== null;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.querySelectorAll(POLLER).forEach((poller) => htmx.trigger(poller, "wake"));
  });
})();
