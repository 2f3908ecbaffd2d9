// A folded list over the page closes on Escape and on a click beside it, as people expect of a menu.
const openPopups = () => document.querySelectorAll("details[data-portal-popup][open]");
document.addEventListener("click", (event) => {
  for (const popup of openPopups()) {
    if (!popup.contains(event.target)) popup.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const popup of openPopups()) {
    popup.open = false;
    popup.querySelector("summary").focus();
  }
});
