// The daily results are one stop of the Tab key; the arrows go from day to day, and each day tells itself.
(() => {
  const TO = {
    ArrowLeft: (bar) => bar.previousElementSibling,
    ArrowRight: (bar) => bar.nextElementSibling,
    Home: (bar) => bar.parentElement.firstElementChild,
    End: (bar) => bar.parentElement.lastElementChild,
  };

  document.addEventListener("keydown", (event) => {
    const bar = event.target instanceof Element && event.target.closest(".chart .bar");
    const next = bar && TO[event.key]?.(bar);
    if (!next) return;
    event.preventDefault();
    bar.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
})();
