// The theme's arrows in the sidebar have no words, so that a screen reader could not name them.
document.addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll(".bd-sidebar-primary details > summary")) {
    const page = summary.closest("li")?.querySelector("a");
    summary.setAttribute("aria-label", `Pages below ${page?.textContent.trim() ?? "this one"}`);
  }
});
