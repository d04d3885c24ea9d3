// The grid of days: one stop of the Tab key, arrows move, Shift and arrows or a drag choose a range for the form. What a
// range would do is the server's to say: it is asked as if somebody had typed the two days.
(() => {
  const DAYS = "#days a.day";
  const SETTLED_AFTER = 400;
  let anchor = null;
  let end = null;
  let timer = 0;
  let pending = null;

  const days = () => [...document.querySelectorAll(DAYS)];
  const dayOf = (link) => link.id.slice("day-".length);
  const at = (day) => document.getElementById(`day-${day}`);
  const fields = () => ["id_first_day", "id_last_day"].map((id) => document.getElementById(id));

  // One day takes the Tab key: the chosen one, else the last.
  function rove(to) {
    const all = days();
    const stop = to ?? all.find((link) => link.matches(".sel")) ?? all.at(-1);
    all.forEach((link) => (link.tabIndex = link === stop ? 0 : -1));
  }

  function mark(first, last) {
    days().forEach((link) => {
      const day = dayOf(link);
      const isIn = first <= day && day <= last;
      link.classList.toggle("sel", isIn);
      link.parentElement.setAttribute("aria-selected", isIn);
      link.classList.toggle("a", day === first);
      link.classList.toggle("z2", day === last);
    });
  }

  function choose() {
    const [first, last] = [anchor, end].sort();
    const [firstField, lastField] = fields();
    if (firstField && lastField) {
      [firstField.value, lastField.value] = [first, last];
      firstField.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      const page = new URL(at(first).href);
      page.searchParams.set("run", "historic");
      page.searchParams.set("first", first);
      page.searchParams.set("last", last);
      location.assign(page);
    }
  }

  function extend(to) {
    end = to;
    mark(...[anchor, end].sort());
  }

  // The end that stays where it is while the other one moves away from this day.
  function staying(day) {
    const [first, last] = fields().map((field) => field?.value);
    return (day === first ? last : last && first) || day;
  }

  // Enter sets the first day, and on another day the last one.
  function set(link) {
    const day = dayOf(link);
    const begun = pending && pending !== day && at(pending);
    anchor = begun ? pending : day;
    end = day;
    pending = begun ? null : day;
    extend(day);
    choose();
  }

  function neighbour(link, key) {
    const all = days();
    const now = all.indexOf(link);
    if (key === "ArrowLeft") return all[now - 1];
    if (key === "ArrowRight") return all[now + 1];
    const rows = [...document.querySelectorAll("#days .mon")];
    const row = rows[rows.indexOf(link.closest(".mon")) + (key === "ArrowUp" ? -1 : 1)];
    return [...(row?.querySelectorAll("a.day") ?? [])].find((each) => dayOf(each).slice(-2) >= dayOf(link).slice(-2));
  }

  document.addEventListener("keydown", (event) => {
    const link = event.target.closest(DAYS);
    const isMove = event.key.startsWith("Arrow");
    if (!link || !(isMove || event.key === "Enter") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!isMove) return set(link);
    const to = neighbour(link, event.key);
    if (!to) return;
    rove(to);
    to.focus();
    if (!event.shiftKey) return;
    if (!timer) anchor = staying(dayOf(link));
    extend(dayOf(to));
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      choose();
    }, SETTLED_AFTER);
  });

  // A drag from one day to another; a click alone is a link to that day, with Shift the end of a range.
  let isDrag = false;
  document.addEventListener("pointerdown", (event) => {
    const link = event.target.closest(DAYS);
    if (!link || event.button !== 0 || event.pointerType === "touch") return;
    anchor = event.shiftKey ? staying(dayOf(link)) : dayOf(link);
    end = null;
    isDrag = event.shiftKey;
    if (isDrag) extend(dayOf(link));
  });
  document.addEventListener("pointerover", (event) => {
    const link = event.target.closest(DAYS);
    if (!link || !anchor || !(event.buttons & 1) || event.pointerType === "touch") return;
    if (dayOf(link) !== anchor) isDrag = true;
    if (isDrag) extend(dayOf(link));
  });
  document.addEventListener("pointerup", () => {
    if (isDrag && end) choose();
    anchor = isDrag ? anchor : null;
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest(DAYS)) event.preventDefault();
  });
  document.addEventListener(
    "click",
    (event) => {
      if (!isDrag || !event.target.closest(DAYS)) return;
      isDrag = false;
      anchor = null;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );

  document.addEventListener("htmx:afterSettle", () => rove(document.activeElement?.closest?.(DAYS) ?? undefined));
  rove();
})();
