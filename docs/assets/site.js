// Code that scrolls sideways also scrolls with the keyboard, and the box of its copy button is no navigation of the page.
// The theme puts both into the page while it is shown.
const SCROLLED = [".md-code__content", ".md-typeset__scrollwrap", "pre > code"].map((each) => `${each}:not([tabindex])`).join();
const improve = () => {
  document.querySelectorAll("nav.md-code__nav:not([role])").forEach((box) => box.setAttribute("role", "none"));
  document.querySelectorAll(SCROLLED).forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
};
new MutationObserver(improve).observe(document.documentElement, { childList: true, subtree: true });
addEventListener("resize", improve);
addEventListener("load", improve);
