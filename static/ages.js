// "2 min ago" grows older while the page stays open; "Yesterday" and older wait for the next answer.
(() => {
  const HALF_A_DAY = 12 * 3600;
  const YOUNG = /^(just now|\d+ (min|h) ago)/;

  function words(seconds) {
    if (seconds < 60) return "just now";
    return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
  }

  function grow() {
    for (const time of document.querySelectorAll("time")) {
      const text = time.firstChild;
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      if (!text?.data || seconds < 0 || seconds >= HALF_A_DAY || !YOUNG.test(text.data)) continue;
      const older = text.data.replace(YOUNG, words(seconds));
      if (older !== text.data) text.data = older;
    }
  }

  setInterval(grow, 15000);
})();
