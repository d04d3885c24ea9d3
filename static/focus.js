// Who works with the keyboard goes on where they were: what had the focus has it again after a swap, or else what the
// answer puts first in that part of the page, or that part itself. A form that came back begins at its first mistake, and
// one that a link or a key leads to where there is something to do.
(() => {
  const WRONG = 'main [aria-invalid="true"]';
  const BEGINS = ":target [data-begins] :is(input, button)";
  let was = null;

  const words = (element) => element.getAttribute("aria-label") ?? element.textContent.trim();

  // The ids of all that it stands in, from the inside out.
  function regionsOf(element) {
    const found = [];
    for (let each = element.closest("[id]"); each; each = each.parentElement?.closest("[id]")) found.push(each.id);
    return found;
  }

  function remember() {
    const element = document.activeElement;
    const isNobody = !element || element === document.body;
    was = isNobody ? null : { tag: element.tagName, words: words(element), regions: regionsOf(element) };
  }

  function find(region) {
    const isAlike = (each) => words(each) === was.words && each.checkVisibility();
    const same = was.words && [...region.querySelectorAll(was.tag)].find(isAlike);
    const wrong = was.tag === "BUTTON" && region.querySelector(WRONG);
    return wrong || same || region.querySelector("[data-takes-focus]") || region;
  }

  function giveBack() {
    if (!was || (document.activeElement && document.activeElement !== document.body)) return;
    const region = was.regions.map((id) => document.getElementById(id)).find((each) => each?.checkVisibility());
    const to = region && find(region);
    was = null;
    if (!to) return;
    if (to.tabIndex < 0) to.tabIndex = -1;
    to.focus({ preventScroll: to.offsetHeight > innerHeight });
  }

  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSettle", giveBack);
  document.querySelector(WRONG)?.focus();
  // The browser takes the focus from everything when it goes to what the address names, which is when all is there.
  addEventListener("load", () => {
    if (document.activeElement === document.body) document.querySelector(BEGINS)?.focus();
  });
})();
