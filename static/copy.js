// Copies the text of a [data-copy] button and says so for two seconds, also to a screen reader.
(() => {
  document.documentElement.classList.add("js");
  const said = document.getElementById("said");

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      tell(button, "Copied");
    } catch {
      tell(button, "Could not copy");
    }
  }

  function tell(button, sentence) {
    if (said) said.textContent = sentence;
    button.toggleAttribute("data-copied", true);
    button.title = sentence;
    setTimeout(() => {
      if (said) said.textContent = "";
      button.removeAttribute("data-copied");
      button.removeAttribute("title");
    }, 2000);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
})();
