// Shortcuts of a single key, for readers who have not switched them off. A key presses what carries it (data-key), first
// in the row that has the focus. None sends anything: what L and R open has to be confirmed there.
(() => {
  const sheet = document.getElementById("keys");
  if (!sheet) return;
  const FIELD = "input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]";
  const OPENS_A_ROW = "main tbody tr a.name, main tbody tr a[aria-expanded]";
  const SECOND_KEY_WITHIN = 1500;
  let first = "";

  function move(by) {
    const leads = [...document.querySelectorAll(OPENS_A_ROW)];
    const row = document.activeElement.closest("tr");
    const now = leads.findIndex((lead) => lead.closest("tr") === row);
    const next = now < 0 ? leads.at(by > 0 ? 0 : -1) : leads[now + by];
    next?.focus();
  }

  function find(keys) {
    const carries = `[data-key="${CSS.escape(keys)}"]`;
    const ofRow = document.activeElement.closest("main tbody tr")?.querySelector(carries);
    return ofRow ?? [...document.querySelectorAll(carries)].find((each) => !each.closest("tbody tr"));
  }

  function press(keys) {
    const found = find(keys);
    if (!found) return false;
    // What is not possible now is shown, with its reason.
    if (found.matches("input[type=search], [aria-disabled=true]")) found.focus();
    else found.click();
    return true;
  }

  function isMeant(event) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    const isLetterWithShift = event.shiftKey && /^[a-z]$/i.test(event.key);
    const isElsewhere = event.target.closest(FIELD) || document.querySelector("dialog[open]");
    return isPlain && !isLetterWithShift && !isElsewhere && !event.defaultPrevented && event.key.length === 1;
  }

  function take(key) {
    const keys = first ? `${first} ${key}` : key;
    first = "";
    if (key === "g" && keys === "g") {
      first = key;
      setTimeout(() => (first = ""), SECOND_KEY_WITHIN);
      return false;
    }
    if (keys === "?") return sheet.showModal(), true;
    if (keys === "j" || keys === "k") return move(keys === "j" ? 1 : -1), true;
    return press(keys);
  }

  if ("on" in sheet.dataset) {
    document.addEventListener("keydown", (event) => {
      if (isMeant(event) && take(event.key.toLowerCase())) event.preventDefault();
    });
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-opens="keys"]')) sheet.showModal();
  });
})();
