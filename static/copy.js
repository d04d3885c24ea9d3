// Copies the text of a [data-copy] button, or what a [data-copy-from] link leads to, and says so for two seconds, also to
// a screen reader. A text that cannot be fetched or copied is opened instead.
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

  async function copyFrom(link) {
    try {
      const answer = await fetch(link.href);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      await navigator.clipboard.writeText(await answer.text());
      tell(link, "Copied");
    } catch {
      location.assign(link.href);
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
    const link = event.target.closest("[data-copy-from]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    copyFrom(link);
  });
})();
