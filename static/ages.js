// "2 min ago" and "14 min so far" grow while the page stays open. What turns into a date or counts days waits for the
// next answer. The words are those of syncs/moments.py.
(() => {
  const YOUNG = /^(just now|\d+ (min|h) ago)/;
  const zone = document.getElementById("live")?.dataset.zone;
  const dayOf = new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeZone: zone });

  function ago(then, now) {
    const minutes = Math.floor((now - then) / 60000);
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min ago`;
    return dayOf.format(then) === dayOf.format(now) ? `${Math.floor(minutes / 60)} h ago` : "Yesterday";
  }

  function soFar(then, now) {
    const seconds = Math.floor((now - then) / 1000);
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const rest = minutes % 60 ? ` ${minutes % 60} min` : "";
    return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h${rest}` : `${Math.floor(minutes / 1440)} days`;
  }

  function grow() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time")) {
      const text = time.firstChild;
      const then = Date.parse(time.dateTime);
      // Of a browser whose clock is behind, nothing is taken.
      if (!text?.data || then > now) continue;
      const older = "soFar" in time.dataset ? soFar(then, now) : text.data.replace(YOUNG, () => ago(then, now));
      if (older !== text.data) text.data = older;
    }
  }

  setInterval(grow, 15000);
})();
