// A form that moves money is sent once: its button rests until the answer comes. The server refuses twins anyway.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-portal-busy]")) return;
  const button = event.submitter ?? event.target.querySelector("[type=submit]");
  // After this event: a disabled button would not send its own name and value.
  setTimeout(() => {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  });
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy=true]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});
