// Pollers sleep while paused, too (see sleep.js); the top bar says how old the newest answer is. A list that stands as it
// was read (data-stands) says so itself: what it asks for is only how many are newer.
(() => {
  const box = document.getElementById("live");
  if (!box) return;
  const POLLER = '[hx-trigger^="every"]:not([data-stands])';
  const dot = box.querySelector(".dot");
  const state = box.querySelector("[data-state]");
  const word = box.querySelector("[data-word]");
  const age = box.querySelector("[data-age]");
  const button = box.querySelector("button");
  let updated = Date.now();
  let paused = false;
  let stale = false;

  const isPoll = (event) => event.target instanceof Element && event.target.matches(POLLER);
  const DAY = 86_400_000;

  function clock(time) {
    const day = Date.now() - time < DAY ? {} : { day: "numeric", month: "short" };
    const zone = { timeZone: box.dataset.zone };
    return new Date(time).toLocaleString("en-GB", { ...day, hour: "2-digit", minute: "2-digit", ...zone });
  }

  function ago(time) {
    const seconds = Math.max(0, Math.round((Date.now() - time) / 1000));
    return seconds < 90 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
  }

  function say(word) {
    // Only a change is written: the word is announced, the seconds beside it are not.
    if (state.textContent !== word) state.textContent = word;
  }

  // Our own answers are fresh, and what they tell is not, while Codat is not asked or does not answer. The oldest counts;
  // 0 where nobody ever was asked.
  function dataFrom() {
    const since = [...document.querySelectorAll("[data-from]")].map((each) => Date.parse(each.dataset.from) || 0);
    if (stale) since.push(updated);
    return since.length ? Math.min(...since) : null;
  }

  function old(from) {
    return from ? `data from ${clock(from)}` : "data of an unknown age";
  }

  // What is printed says of when it is.
  function tellOnPaper() {
    const from = dataFrom() ?? updated;
    const written = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
    const at = new Date(from).toLocaleString("en-GB", { ...written, timeZone: box.dataset.zone });
    document.getElementById("as-of").textContent = from ? `As of ${at}, ${box.dataset.zone}` : "Of an unknown age";
  }

  function show() {
    const from = paused ? null : dataFrom();
    box.hidden = !document.querySelector(POLLER);
    dot.classList.toggle("amber", from !== null);
    dot.classList.toggle("still", paused);
    say(paused ? "Paused" : from === null ? "Live" : "Stale");
    word.hidden = from !== null;
    age.textContent = from === null ? ago(updated) : old(from);
  }

  function wake() {
    document.querySelectorAll(POLLER).forEach((poller) => htmx.trigger(poller, "wake"));
  }

  function pause(yes) {
    paused = yes;
    button.setAttribute("aria-label", paused ? "Resume live updates" : "Pause live updates");
    button.querySelector("use").setAttribute("href", paused ? "#i-play" : "#i-pause");
    if (!paused) wake();
    show();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isPoll(event) && paused) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    // The element that asked: a swap may have replaced it by now, and the event then comes from elsewhere.
    if (!event.detail.requestConfig.elt.matches(POLLER)) return;
    stale = !event.detail.successful;
    if (!stale) updated = Date.now();
    show();
  });

  window.addEventListener("beforeprint", tellOnPaper);
  button.addEventListener("click", () => pause(!paused));
  setInterval(show, 1000);
  show();
})();
