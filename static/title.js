// The tab tells how things stand, also one that nobody looks at: in its title how many merchants fail, and by a dot in
// its icon whether something stands. A hidden tab asks for nothing else (sleep.js), and for this once in five minutes.
(() => {
  const EVERY = 5 * 60 * 1000;
  const icon = document.getElementById("favicon");
  const said = () => document.querySelector("[data-title]")?.dataset;

  function show(title, trouble) {
    if (title && document.title !== title) document.title = title;
    const file = icon?.dataset[trouble || "plain"];
    if (file && icon.getAttribute("href") !== file) icon.setAttribute("href", file);
  }

  function showPage() {
    show(said()?.title, document.getElementById("banners")?.dataset.trouble);
  }

  async function look() {
    const page = said();
    const isPaused = document.querySelector("#live .still") !== null;
    if (!document.hidden || isPaused || !page?.sign) return;
    try {
      const answer = await fetch(page.sign, { redirect: "error" });
      if (!answer.ok) return;
      const { title, trouble } = await answer.json();
      if (document.hidden) show(title, trouble);
    } catch {
      // The next look may succeed; who comes back to the tab is told by the page.
    }
  }

  document.addEventListener("htmx:afterSettle", showPage);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) showPage();
  });
  setInterval(look, EVERY);
})();
