// Pollers sleep in a hidden tab, and ask as soon as somebody comes back. While the panel says that many ask at once, or
// does not answer, they leave out every other time, but where somebody waits for what is on its way.
(() => {
  const POLLER = '[hx-trigger^="every"]';
  let leavesOut = false;

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
    if (!document.hidden) document.querySelectorAll(POLLER).forEach((poller) => htmx.trigger(poller, "wake"));
  });
})();
