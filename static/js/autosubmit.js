// Filters apply as soon as one is chosen; without this file the button «Apply» does it.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-portal-autosubmit]");
  if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=month]")) {
    form.requestSubmit();
  }
});
// An empty filter stays out of the address.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-portal-autosubmit]")) {
    for (const control of event.target.elements) {
      if (control.name && !control.value) control.disabled = true;
    }
  }
});
// The back button may bring the page as it was left, with the empty ones still disabled.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-portal-autosubmit]")) {
    for (const control of form.elements) control.disabled = false;
  }
});
