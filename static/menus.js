// An open menu closes with Escape, which leads back to what opened it, and when somebody goes on elsewhere.
(() => {
  const OPEN = "details.menu[open]";

  function closeOthers(event) {
    for (const menu of document.querySelectorAll(OPEN)) {
      if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
    }
  }

  document.addEventListener("click", closeOthers);
  document.addEventListener("focusin", closeOthers);
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target instanceof Element && event.target.closest(OPEN);
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
