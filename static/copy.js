// Copies the text of a [data-copy] button, the address of a [data-copy-link] link, or what a [data-copy-from] link or button
// leads to, and says so for two seconds, also to a screen reader. What cannot be fetched or copied is opened instead.
// A [data-copy] that is a link leads, without JavaScript, to where its text can be read.
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

  async function textBehind(link) {
    const answer = await (link.form
      ? fetch(link.formAction, { method: "POST", body: new FormData(link.form, link) })
      : fetch(link.href));
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return answer.text();
  }

  async function copyOf(link) {
    try {
      const copiesAddress = "copyLink" in link.dataset;
      await navigator.clipboard.writeText(copiesAddress ? link.href : await textBehind(link));
      tell(link, copiesAddress ? "Link copied" : "Copied");
    } catch {
      if (link.form) link.form.requestSubmit(link);
      else location.assign(link.href);
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
    const link = event.target.closest("[data-copy-from], [data-copy-link], a[data-copy]");
    if (button && button !== link) copy(button);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (button === link) copy(button);
    else copyOf(link);
  });
})();
