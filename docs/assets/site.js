// Code that scrolls sideways also scrolls with the keyboard, and the box of its copy button is no navigation of the page.
// The theme puts both into the page while it is shown. It would also copy the blank lines of an output.
const SCROLLED = [".md-code__content", ".md-typeset__scrollwrap", "pre > code"].map((each) => `${each}:not([tabindex])`).join();
const COPY = ".md-code__button[data-md-type=copy]:not([data-clipboard-text])";
const commands = (block) =>
  [...block.querySelectorAll("code > span")]
    .filter((line) => line.textContent.trim() && !line.querySelector(".go"))
    .map((line) => {
      const command = line.cloneNode(true);
      command.querySelectorAll(".gp").forEach((prompt) => prompt.remove());
      return command.textContent.trimEnd();
    })
    .join("\n");
const improve = () => {
  document.querySelectorAll(`.highlight:has(.gp) ${COPY}`).forEach((button) => {
    button.setAttribute("data-clipboard-text", commands(button.closest(".highlight")));
  });
  document.querySelectorAll("nav.md-code__nav:not([role])").forEach((box) => box.setAttribute("role", "none"));
  document.querySelectorAll(SCROLLED).forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
};
new MutationObserver(improve).observe(document.documentElement, { childList: true, subtree: true });
addEventListener("resize", improve);
addEventListener("load", improve);
