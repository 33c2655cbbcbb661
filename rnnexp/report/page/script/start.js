// What scrolls has to be reached by the keyboard too; what does not need not be stopped at.
function reachable(part) {
  const scrolls = part.scrollWidth > part.clientWidth;
  if (!scrolls) for (const fact of ["tabindex", "role", "aria-label"]) part.removeAttribute(fact);
  else {
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "region");
    part.setAttribute("aria-label", part.querySelector("caption")?.innerText || word("scroll"));
  }
}


for (const table of document.querySelectorAll("table")) sortable(table);
for (const figure of document.querySelectorAll(".chart")) new Chart(figure);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
speak(root.lang);
const scrolling = [...document.querySelectorAll(".scroll, .drawing")];
const reach = () => scrolling.forEach(reachable);
for (const part of scrolling) new ResizeObserver(reach).observe(part);
written.push(reach);
