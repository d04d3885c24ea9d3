// What a swap changed is told to who does not see it: each [data-told] once, by its id, when its words are other ones
// than before, without the labels of its buttons. What stood there when the page opened was read with the page.
(() => {
  const said = document.getElementById("said");
  const TOLD = "[data-told]";
  const PATIENCE = 300;
  const known = new Map();
  let timer = 0;

  function words(element) {
    const told = element.cloneNode(true);
    told.querySelectorAll("button").forEach((button) => button.remove());
    return told.textContent.replace(/\s+/g, " ").trim();
  }

  const all = () => [...document.querySelectorAll(TOLD)].map((element) => [element.id, words(element)]);

  function tell() {
    const now = all();
    const news = now.filter(([id, text]) => text && known.get(id) !== text).map(([, text]) => text);
    known.clear();
    now.forEach(([id, text]) => known.set(id, text));
    if (news.length) said.textContent = news.join(". ");
  }

  all().forEach(([id, text]) => known.set(id, text));
  document.addEventListener("htmx:afterSettle", () => {
    clearTimeout(timer);
    timer = setTimeout(tell, PATIENCE);
  });
})();
