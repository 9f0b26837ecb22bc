// Opens every page of the documentation in Chromium, at two widths, in light and dark, and prints what is wrong: requests
// to other hosts, console messages, pages wider than the window, skipped heading levels, axe's findings. Then copies every
// console block, and searches both from the folder and from a server.
//
// See README.md beside this file.

import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "package.json")); // the packages of the folder that it is run in
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const WIDTHS = [400, 1280];
const SCHEMES = ["light", "dark"];
const QUERIES = ["slurm", "parquet"];
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".png": "image/png" };

const shots = process.env.SCREENSHOTS;
const [folder, ...only] = process.argv.slice(2);
const chromium =
  process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find(existsSync);
if (!folder || !chromium) {
  console.error("usage: [CHROMIUM=path] [SCREENSHOTS=folder] node check_site.mjs SITE [PAGE...]");
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });
const site = resolve(folder);
const root = `${pathToFileURL(site).href}/`;
const pages = readdirSync(site).filter((name) => name.endsWith(".html") && (!only.length || only.includes(name)));

function watched(page, origin, problems) {
  page.on("request", (request) => {
    const url = request.url();
    if (!/^(data|blob|about):/.test(url) && !url.startsWith(origin)) problems.push(`requests ${url}`);
  });
  page.on("requestfailed", (request) => problems.push(`cannot load ${request.url()}`));
  page.on("console", (message) => {
    if (!message.text().startsWith("Autofocus processing was blocked")) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
}

async function layoutProblems(page) {
  return page.evaluate(() => {
    const problems = [];
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    if (wide > 0) problems.push(`is ${wide} px wider than the window`);
    const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((each) => Number(each.tagName[1]));
    levels.forEach((level, at) => {
      if (level > (levels[at - 1] ?? 0) + 1) problems.push(`heading ${at + 1} skips a level`);
    });
    if (levels.filter((level) => level === 1).length !== 1) problems.push("expected one heading of level 1");
    // Wider content must scroll inside its own box.
    for (const box of document.querySelectorAll("article pre, article table, article img")) {
      let parent = box;
      while (parent && !/auto|scroll/.test(getComputedStyle(parent).overflowX)) parent = parent.parentElement;
      if (!parent && box.getBoundingClientRect().right > window.innerWidth + 1) problems.push(`${box.tagName} is cut off`);
    }
    return problems;
  });
}

async function axeProblems(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
  return violations.map(({ id, impact, help, nodes }) => {
    const where = nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
    return `axe, ${impact}: ${id}, ${help} (${nodes.length}: ${where})`;
  });
}

async function problemsOf(browser, name, width) {
  const problems = [];
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  watched(page, root, problems);
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(root + name, { waitUntil: "load" });
    const dark = await page.evaluate(() => {
      const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
      return red + green + blue < 384;
    });
    if (dark !== (scheme === "dark")) problems.push(`does not follow the ${scheme} scheme`);
    await new Promise((done) => setTimeout(done, 300)); // colours fade in, and axe would see them halfway
    if (shots) await page.screenshot({ path: join(shots, `${basename(name, ".html")}-${width}-${scheme}.png`) });
    problems.push(...[...(await layoutProblems(page)), ...(await axeProblems(page))].map((each) => `${scheme}: ${each}`));
  }
  await page.close();
  return problems;
}

async function copyProblems(browser, name) {
  const problems = [];
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(root + name, { waitUntil: "load" });
  await page.bringToFront();
  const blocks = await page.$$(".highlight:has(.gp)");
  let copied = 0;
  for (const block of blocks) {
    const expected = await block.evaluate((each) =>
      each
        .querySelector("code")
        .textContent.split("\n")
        .filter((line) => line.startsWith("$ "))
        .map((line) => line.slice(2))
        .join("\n"),
    );
    if (!expected) continue; // of Python's own prompt
    const button = await block.waitForSelector(".md-code__button[data-md-type=copy]");
    await page.evaluate(() => navigator.clipboard.writeText("nothing was copied"));
    await button.evaluate((each) => each.click());
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== "nothing was copied");
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (text !== expected) problems.push(`copies ${JSON.stringify(text)}, expected ${JSON.stringify(expected)}`);
    copied += 1;
  }
  await page.close();
  return { problems, copied };
}

async function searchProblems(browser, origin, query, width) {
  const problems = [];
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  watched(page, origin, problems);
  await page.goto(`${origin}index.html`, { waitUntil: "load" });
  try {
    await page.waitForSelector("[data-md-component=search] , .md-search", { timeout: 10000 });
    await page.keyboard.press("/");
    await page.waitForFunction(() => document.activeElement?.matches("input") || document.activeElement?.shadowRoot?.activeElement?.matches("input"));
    await page.keyboard.type(query);
    await new Promise((done) => setTimeout(done, 1500));
    if (shots) await page.screenshot({ path: join(shots, `search-${query}-${width}-${new URL(origin).protocol.slice(0, -1)}.png`) });
    await Promise.all([page.waitForNavigation({ timeout: 10000 }), page.keyboard.press("Enter")]);
    const found = await page.evaluate(() => document.querySelector("article").textContent.toLowerCase());
    if (page.url().startsWith(`${origin}index.html`) || !found.includes(query)) problems.push(`leads to ${page.url()}`);
  } catch (error) {
    problems.push(`${error.message}`);
  }
  await page.close();
  return problems.map((each) => `search for ${query} at ${origin}, ${width} px: ${each}`);
}

function served() {
  const server = createServer((request, response) => {
    const path = join(site, decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (!path.startsWith(site) || !existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "text/plain" });
    return createReadStream(path).pipe(response);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-background-networking"] });
const session = await browser.target().createCDPSession();
await session.send("Browser.grantPermissions", { permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"] });
let failures = 0;
const report = (title, problems) => {
  failures += problems.length;
  console.log(title);
  [...new Set(problems)].forEach((problem) => console.log(`  ${problem}`));
};
for (const name of pages) {
  for (const width of WIDTHS) report(`${name} ${width} px`, await problemsOf(browser, name, width));
}
let blocks = 0;
for (const name of pages) {
  const { problems, copied } = await copyProblems(browser, name);
  blocks += copied;
  if (problems.length) report(name, problems);
}
report(`${blocks} console blocks copied`, blocks ? [] : ["expected some"]);
const server = await served();
for (const origin of [root, `http://127.0.0.1:${server.address().port}/`]) {
  for (const query of QUERIES) {
    for (const width of WIDTHS) report(`search ${query} at ${origin}, ${width} px`, await searchProblems(browser, origin, query, width));
  }
}
server.close();
await browser.close();
process.exit(failures ? 1 : 0);
