// Shortcuts of a single key, for readers who have not switched them off. A key presses what carries it (data-key), first
// in the row that has the focus. None sends anything: what L and R open has to be confirmed there.
(() => {
  const sheet = document.getElementById("keys");
  if (!sheet) return;
  const FIELD = "input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]";
  const OPENS_A_ROW = "main tbody tr a.name, main tbody tr a[aria-expanded]";
  const SECOND_KEY_WITHIN = 1500;
  // What Escape clears, the nearest first: one of them with each press.
  const SEARCH = '#filters [data-key="/"]:not(:placeholder-shown)';
  const CLEARS = ["#bulk.on [data-clear]", "#clear-range", SEARCH];
  const said = document.getElementById("said");
  let first = "";
  let whyNot = null;

  function move(by) {
    const leads = [...document.querySelectorAll(OPENS_A_ROW)];
    const row = document.activeElement.closest("tr");
    const now = leads.findIndex((lead) => lead.closest("tr") === row);
    const next = now < 0 ? leads.at(by > 0 ? 0 : -1) : leads[now + by];
    next?.focus();
  }

  function find(keys, carries = `[data-key="${CSS.escape(keys)}"]`) {
    const ofRow = document.activeElement.closest("main tbody tr")?.querySelector(carries);
    return ofRow ?? [...document.querySelectorAll(carries)].find((each) => !each.closest("tbody tr"));
  }

  // To here, from the row that was picked last: as a click with Shift would.
  function pickToHere() {
    const box = find("x");
    box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: true }));
    return Boolean(box);
  }

  function clear() {
    const at = document.activeElement;
    const found = at.matches(SEARCH) ? at : CLEARS.map((each) => document.querySelector(each)).find(Boolean);
    if (!found) return false;
    if (found.matches("input")) {
      found.value = "";
      found.form.requestSubmit();
    } else {
      found.click();
    }
    return true;
  }

  // The reason stands there until somebody goes on.
  function sayWhyNot(keys) {
    whyNot = find(keys, `[data-why-not~="${CSS.escape(keys)}"]`);
    if (!whyNot) return false;
    whyNot.hidden = false;
    said.textContent = whyNot.textContent.replace(/\s+/g, " ").trim();
    return true;
  }

  function goOn() {
    if (whyNot) whyNot.hidden = true;
    whyNot = null;
  }

  function press(keys) {
    const found = find(keys);
    if (!found) return sayWhyNot(keys);
    if (!found.matches("input[type=search], [aria-disabled=true]")) return found.click(), true;
    found.focus();
    return sayWhyNot(keys), true;
  }

  function isMeant(event) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    const isLetterWithShift = event.shiftKey && /^[a-wyz]$/i.test(event.key);
    const isEscape = event.key === "Escape";
    const isInField = event.target.closest(FIELD) && !(isEscape && event.target.matches(SEARCH));
    const isElsewhere = isInField || document.querySelector("dialog[open], details.menu[open]");
    const isOurs = event.key.length === 1 || isEscape;
    return isPlain && !isLetterWithShift && !isElsewhere && !event.defaultPrevented && isOurs;
  }

  function take(key, isShifted) {
    const keys = first ? `${first} ${key}` : key;
    first = "";
    if (key === "g" && keys === "g") {
      first = key;
      setTimeout(() => (first = ""), SECOND_KEY_WITHIN);
      return false;
    }
    if (key === "escape") return clear();
    if (keys === "x" && isShifted) return pickToHere();
    if (keys === "?") return sheet.showModal(), true;
    if (keys === "j" || keys === "k") return move(keys === "j" ? 1 : -1), true;
    return press(keys);
  }

  if ("on" in sheet.dataset) {
    for (const event of ["keydown", "pointerdown", "focusin"]) document.addEventListener(event, goOn);
    document.addEventListener("keydown", (event) => {
      if (isMeant(event) && take(event.key.toLowerCase(), event.shiftKey)) event.preventDefault();
    });
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest('[data-opens="keys"]');
    if (!opener) return;
    // Its menu closes behind the sheet: what the sheet gives the focus back to must be there to be seen.
    opener.closest("details")?.querySelector("summary").focus();
    sheet.showModal();
  });
})();
