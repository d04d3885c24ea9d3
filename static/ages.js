// "2 min ago" and "14 min so far" grow while the page stays open. What turns into a date or counts days waits for the
// next answer. The words are those of syncs/moments.py.
(() => {
  const DAY = 24 * 3600 * 1000;
  const YOUNG = /^(just now|\d+ (min|h) ago)/;
  const live = document.getElementById("live");
  // Of the server's clock: a computer's own may be minutes off.
  const ahead = live ? Date.now() - 1000 * Number(live.dataset.now) : 0;
  const dayOf = days(live?.dataset.zone);

  function days(timeZone) {
    try {
      return new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeZone });
    } catch {
      // A zone that this browser has not heard of.
      return new Intl.DateTimeFormat("en-GB", { dateStyle: "short" });
    }
  }

  function ago(then, now, said) {
    const minutes = Math.floor((now - then) / 60000);
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min ago`;
    const day = dayOf.format(then);
    if (day === dayOf.format(now)) return `${Math.floor(minutes / 60)} h ago`;
    return day === dayOf.format(now - DAY) ? "Yesterday" : said;
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
    const now = Date.now() - ahead;
    for (const time of document.querySelectorAll("time")) {
      const text = time.firstChild;
      const then = Date.parse(time.dateTime);
      if (!text?.data || then > now) continue;
      const older = "soFar" in time.dataset ? soFar(then, now) : text.data.replace(YOUNG, (said) => ago(then, now, said));
      if (older !== text.data) text.data = older;
    }
  }

  setInterval(grow, 15000);
})();
