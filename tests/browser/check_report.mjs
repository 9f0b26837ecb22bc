// Opens pages of hearpreprocess.report in Chromium, at two widths, in light and dark, and says what is wrong with them:
// requests, complaints on the console, pages wider than the window, sounds that cannot be played, axe's findings.
//
// See README.md beside this file.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "package.json")); // the packages of the folder that it is run in
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const WIDTHS = [400, 1280];
const SCHEMES = ["light", "dark"];
const SERIOUS = ["serious", "critical"];

const shots = process.env.SCREENSHOTS;
const pages = process.argv.slice(2);
const chromium = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find(existsSync);
if (!pages.length || !chromium) {
  console.error("usage: [CHROMIUM=path] [SCREENSHOTS=folder] node check_report.mjs PAGE...");
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });

async function problemsOf(browser, path, width, scheme) {
  const problems = [];
  const page = await browser.newPage();
  await page.setBypassCSP(true); // for axe, which is put into the page; a test in Python reads the policy
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const address = pathToFileURL(resolve(path)).href;
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) problems.push(`asks for ${request.url()}`);
  });
  page.on("console", (message) => problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  await page.goto(address, { waitUntil: "load" });
  if (shots) {
    const name = [basename(dirname(resolve(path))).split("-")[0], width, scheme].join("-");
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  }

  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) problems.push(`is ${wide} px wider than the window`);
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => Number(heading.tagName[1])),
  );
  levels.forEach((level, at) => {
    if (level > (levels[at - 1] ?? 0) + 1) problems.push(`heading ${at + 1} leaves out a level`);
  });
  const sounds = await page.evaluate(() =>
    Promise.all(
      [...document.querySelectorAll("audio")].map(
        (sound) =>
          new Promise((done) => {
            const heard = Number(sound.closest("[data-heard]").dataset.heard);
            const told = () => done([heard, sound.duration, sound.currentTime]);
            sound.addEventListener("timeupdate", () => sound.currentTime > 0 && (sound.pause(), told()));
            sound.addEventListener("error", told);
            setTimeout(told, 10000);
            sound.muted = true;
            sound.play().catch(told);
          }),
      ),
    ),
  );
  const examples = await page.evaluate(() => document.querySelectorAll("[data-file]").length);
  if (examples !== sounds.length) problems.push(`has ${examples} examples and ${sounds.length} players`);
  for (const [heard, duration, played] of sounds) {
    if (!(played > 0)) problems.push(`a sound of ${heard} s does not play`);
    if (!(Math.abs(duration - heard) < 0.001)) {
      problems.push(`a sound of ${heard} s has a duration of ${duration} s`);
    }
  }

  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations", "incomplete"] }));
  for (const { id, impact, help, nodes } of found.violations) {
    const where = nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
    problems.push(`axe, ${impact}${SERIOUS.includes(impact) ? "!" : ""}: ${id}, ${help} (${nodes.length}: ${where})`);
  }
  await page.close();
  return { problems, sounds: sounds.length, passed: found.passes.length, undecided: found.incomplete.map((rule) => rule.id) };
}

const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-background-networking"] });
let failures = 0;
for (const path of pages) {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const { problems, sounds, passed, undecided } = await problemsOf(browser, path, width, scheme);
      failures += problems.length;
      const left = undecided.length ? `, ${undecided.join(" ")} undecided` : "";
      console.log(`${path} ${width} px ${scheme}: ${sounds} sounds, ${passed} of axe's rules passed${left}`);
      problems.forEach((problem) => console.log(`  ${problem}`));
    }
  }
}
await browser.close();
process.exit(failures ? 1 : 0);
