// Moves a column in the menu of columns, before its choice is sent: the form names them in the order in which they stand.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-column] button");
  if (!button) return;
  event.preventDefault();
  const column = button.closest("[data-column]");
  const isEarlier = button.name === "earlier";
  const other = isEarlier ? column.previousElementSibling : column.nextElementSibling;
  if (!other?.matches("[data-column]")) return;
  if (isEarlier) other.before(column);
  else other.after(column);
  button.focus();
  const all = [...column.parentElement.querySelectorAll("[data-column]")];
  const name = column.querySelector("label").textContent.trim();
  document.getElementById("said").textContent = `${name}: ${all.indexOf(column) + 1} of ${all.length}`;
});
