// Which merchants are selected, on this page and on others: kept for this tab, and shown in rows that come anew.
(() => {
  const KEY = "selected";
  const MOST = 5000;
  // Of more nobody says how many can run; and so long after the last tick, in milliseconds.
  const FORETOLD = 100;
  const PATIENCE = 400;
  const boxes = () => [...document.querySelectorAll('#results input[name="pick"]')];
  // `all` is the query of the list that is meant as a whole, or null.
  let all = null;
  let keys = new Set();
  // With Shift, all between the box of the last press and this one are as this one.
  let last = null;
  let isToHere = false;
  let asking = 0;
  // Of the selection as it is: an answer that was asked for before it changed is none.
  let turn = 0;

  function read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY)) || {};
      all = typeof kept.all === "string" ? kept.all : null;
      keys = new Set(Array.isArray(kept.keys) ? kept.keys.map(String) : []);
    } catch {
      all = null;
      keys = new Set();
    }
  }

  function keep() {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ all, keys: [...keys] }));
    } catch {
      // A browser that keeps nothing: the selection lasts as long as the page.
    }
    show();
    const told = document.querySelector("#bulk [data-selected]");
    // For who does not see the bar; a bar that was hidden until now announces nothing by itself.
    if (told) document.getElementById("said").textContent = told.textContent;
  }

  function countOfList() {
    const told = document.getElementById("count")?.textContent.trim() || "";
    return told.startsWith("over") ? "all that match" : told.split(" ")[0];
  }

  function show() {
    const bar = document.getElementById("bulk");
    if (!bar) return;
    // Another list was filtered: what was meant as a whole is gone, who was ticked one by one is not.
    if (all !== null && all !== bar.dataset.query) all = null;
    const isAll = all !== null;
    boxes().forEach((box) => {
      box.checked = isAll || keys.has(box.value);
      box.closest("tr").setAttribute("aria-selected", box.checked);
    });
    const ticked = boxes().filter((box) => box.checked).length;
    const page = document.querySelector("[data-select-page]");
    page.checked = ticked > 0 && ticked === boxes().length;
    page.indeterminate = ticked > 0 && !page.checked;
    const every = bar.querySelector("[data-select-all]");
    const isTooMany = Number(countOfList().replace(/,/g, "")) > MOST;
    every.textContent = `Select ${/^\d/.test(countOfList()) ? "all " : ""}${countOfList()}`;
    if (isTooMany) every.textContent = `${countOfList()} are too many: ${MOST.toLocaleString("en-GB")} at once`;
    every.disabled = isTooMany;
    every.hidden = isAll || String(keys.size) === countOfList().replace(/,/g, "");
    bar.querySelector("[data-clear]").hidden = false;
    const elsewhere = isAll ? 0 : keys.size - boxes().filter((box) => keys.has(box.value)).length;
    const hidden = elsewhere > 0 ? `, ${elsewhere.toLocaleString("en-GB")} not on this page` : "";
    const said = isAll ? `${countOfList()} selected` : `${keys.size.toLocaleString("en-GB")} selected${hidden}`;
    bar.querySelector("[data-selected]").textContent = said[0].toUpperCase() + said.slice(1);
    bar.classList.toggle("on", isAll || keys.size > 0);
    bar.elements.namedItem("picked").value = isAll ? "" : [...keys].slice(0, MOST).join(",");
    // Without the script a box of the same name stands beside it.
    bar.querySelector('[type="hidden"][name="whom"]').value = isAll ? "all" : "";
    const count = isAll ? Number(countOfList().replace(/,/g, "")) || Infinity : keys.size;
    foretell(bar, isAll ? `all ${count}` : bar.elements.namedItem("picked").value, count);
  }

  // How many of a few can run is asked for a moment after others were selected, and told of these alone.
  function foretell(bar, selected, count) {
    if (bar.dataset.foretold === selected) return;
    bar.dataset.foretold = selected;
    const told = bar.querySelector("#forecast");
    turn += 1;
    told.textContent = "";
    bar.querySelector("#latest-for").textContent = "";
    clearTimeout(asking);
    if (count > 0 && count <= FORETOLD) asking = setTimeout(() => htmx.trigger(told, "picked"), PATIENCE);
  }

  function pick(box) {
    if (all !== null) {
      // Of the whole list, what this page shows is left.
      all = null;
      boxes().forEach((other) => keys.add(other.value));
    }
    const shown = boxes();
    const from = isToHere ? shown.findIndex((other) => other.value === last) : -1;
    const to = shown.indexOf(box);
    const meant = from < 0 ? [box] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
    meant.forEach((each) => (box.checked ? keys.add(each.value) : keys.delete(each.value)));
    last = box.value;
  }

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-select-page]")) {
      all = null;
      boxes().forEach((other) => (box.checked ? keys.add(other.value) : keys.delete(other.value)));
    } else if (box.matches('#results input[name="pick"]')) {
      pick(box);
    } else {
      return;
    }
    keep();
  });
  document.addEventListener("click", (event) => (isToHere = event.shiftKey), true);
  document.addEventListener("click", (event) => {
    const bar = document.getElementById("bulk");
    if (!bar || !(event.target instanceof Element)) return;
    if (event.target.closest("[data-select-all]")) {
      all = bar.dataset.query;
      keys.clear();
      keep();
    } else if (event.target.closest("#bulk [data-clear]")) {
      all = null;
      keys.clear();
      const wasInBar = bar.contains(document.activeElement);
      keep();
      if (wasInBar) document.querySelector("[data-select-page]").focus();
    }
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id === "forecast") event.detail.turn = turn;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const asked = event.detail.requestConfig;
    if (asked.elt?.id === "forecast" && asked.turn !== turn) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSettle", show);
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    // A row that is drawn anew may be one that can run by now.
    const box = event.target.querySelector?.('input[name="pick"]');
    if (box && (all !== null || keys.has(box.value))) delete document.getElementById("bulk")?.dataset.foretold;
    show();
  });
  window.addEventListener("pageshow", () => {
    read();
    show();
  });
  read();
  // What was selected has been asked for.
  if (document.querySelector("[data-selection-used]")) {
    all = null;
    keys.clear();
    keep();
  }
  show();
})();
