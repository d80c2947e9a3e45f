// The console over a real server, as each role: `tenure serve --demo` in a real browser.
//
//   node journeys.mjs TENURE [PICTURES]     TENURE is the binary
//
// For every role: takes it, opens every place that the navigation names and the first key, and looks for what axe, the
// policy for content, the width of the screen and the console find; and that the role sees no place that it must not.
// Then: an owner is assigned and an exception signed by hand, with JavaScript off; the clock is moved. Exit 1 where
// something is wrong. CHROMIUM names the browser (Debian's by default), WIDTHS=360 narrows it.
import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [tenure, pictures] = process.argv.slice(2);
if (!tenure) {
  console.error("usage: node journeys.mjs TENURE [PICTURES]");
  process.exit(2);
}
const WIDTHS = (process.env.WIDTHS ?? "360,1440").split(",").map(Number);
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// What each role must not see in its navigation.
const HIDDEN = {
  viewer: ["/proof"],
  key_owner: ["/decisions", "/exposures", "/work", "/proof"],
  analyst: ["/proof"],
  approver: ["/proof"],
  risk_owner: ["/proof"],
  responder: ["/proof"],
  auditor: [],
  administrator: ["/keys", "/decisions", "/exposures"],
};

// A port that the system gives: the server says which.
const server = spawn(tenure, ["serve", "--demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
let said = "";
const origin = await new Promise((resolve, reject) => {
  server.stderr.on("data", (part) => {
    said += part;
    const found = said.match(/Serving at (http:\/\/127\.0\.0\.1:\d+)\//);
    if (found) resolve(found[1]);
  });
  server.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${said.slice(0, 600)}`)));
});
process.on("exit", () => server.kill());

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium
  .launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  })
  .catch((error) => {
    console.error(`SKIPPED: the browser does not start here, so that nothing was looked at: ${error.message.slice(0, 400)}`);
    process.exit(process.env.TENURE_BROWSER ? 1 : 0);
  });
if (pictures) await mkdir(pictures, { recursive: true });
const problems = [];
let looked = 0;
const sure = (what, holds) => {
  if (!holds) problems.push(what);
};

// Whether a text comes to stand on the page, however it gets there.
const comes = (page, text) =>
  page
    .getByText(text)
    .first()
    .waitFor({ state: "attached", timeout: 30_000 })
    .then(() => true)
    .catch(() => false);

async function visitor(role, options = {}) {
  const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${role} ${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${role} ${page.url()}: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) problems.push(`${role}: asks ${request.url()}`);
  });
  await context.request.post(`${origin}/demo/role`, { form: { role }, maxRedirects: 0 });
  return { context, page };
}

async function look(page, where, name) {
  looked += 1;
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  sure(`${where}: is ${over} px wider than the screen`, over <= 0);
  await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const result = await globalThis.axe.run(document, { runOnly });
    return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 2).join(" | ")}`);
  }, TAGS);
  problems.push(...found.map((one) => `${where}: ${one}`));
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

for (const [role, hidden] of Object.entries(HIDDEN)) {
  for (const width of WIDTHS) {
    const theme = width < 500 ? "dark" : "light";
    const { context, page } = await visitor(role, {
      viewport: { width, height: width < 500 ? 780 : 900 },
      colorScheme: theme,
    });
    await page.goto(`${origin}/`, { waitUntil: "load" });
    const places = await page.$$eval("nav.places a", (links) => links.map((link) => link.getAttribute("href")));
    sure(`${role}: sees no place at all`, places.length >= 3);
    for (const place of hidden) sure(`${role}: sees ${place}`, !places.includes(place));
    for (const place of hidden) {
      const answer = await context.request.get(`${origin}${place}`);
      sure(`${role}: ${place} is answered with ${answer.status()}`, answer.status() === 403);
    }
    for (const place of places) {
      const answer = await page.goto(`${origin}${place}`, { waitUntil: "load" });
      sure(`${role} ${place}: ${answer.status()}`, answer.status() === 200);
      await look(page, `${role} ${place} ${width}`, `${role}${place.replaceAll("/", "-")}-${width}-${theme}`);
    }
    let key = null;
    if (places.includes("/keys")) {
      await page.goto(`${origin}/keys`, { waitUntil: "load" });
      key = await page.$eval("tbody th a", (link) => link.getAttribute("href")).catch(() => null);
    }
    if (key) {
      const answer = await page.goto(`${origin}${key}`, { waitUntil: "load" });
      sure(`${role} ${key}: ${answer.status()}`, answer.status() === 200);
      await look(page, `${role} a key ${width}`, `${role}-key-${width}-${theme}`);
    }
    await context.close();
  }
}

// By hand and without JavaScript: an owner, a comment.
{
  const { context, page } = await visitor("analyst", { javaScriptEnabled: false });
  await page.goto(`${origin}/keys?verdict=unowned`, { waitUntil: "load" });
  const key = await page.getAttribute("tbody th a", "href");
  await page.goto(`${origin}${key}/owner`);
  await page.fill("input[name=owner]", "gus.rey@northwind.example");
  await page.click("main form button.main");
  sure("an owner can be assigned without JavaScript", await comes(page, "The owner is assigned"));
  await page.fill("textarea[name=text]", "Gus looks after it now.");
  await page.click("section[aria-labelledby=comments] button");
  sure("a comment is kept", (await comes(page, "Your comment is kept")) && (await comes(page, "Gus looks after it now.")));
  await context.close();
}
// A decision, by who may; and the reason why, for who may not.
{
  const { context, page } = await visitor("approver");
  await page.goto(`${origin}/decisions`, { waitUntil: "load" });
  const one = await page.$$eval("a[href^='/decisions/']", (links) => links.map((link) => link.getAttribute("href")));
  sure("something waits for the approver", one.length > 0);
  await page.goto(`${origin}${one[0]}`, { waitUntil: "load" });
  if (await page.$("input[name=act][value=approve]")) {
    await page.check("input[name=act][value=approve]");
    await page.fill("textarea[name=reason]", "The blocker is real, and it ends in time.");
    await page.click("form[data-sign] button.main");
    sure("a decision is signed", await comes(page, "Signed."));
  } else {
    sure("who may not sign is told why", (await page.textContent("main")).includes("Why you cannot sign this"));
  }
  const asker = await visitor("analyst");
  await asker.page.goto(`${origin}${one[0]}`, { waitUntil: "load" });
  sure("who asked has no form to sign", !(await asker.page.$("input[name=act][value=approve]")));
  await asker.context.close();
  await context.close();
}
// The clock of the example moves, and with it what is due.
{
  const { context, page } = await visitor("auditor");
  await page.goto(`${origin}/`, { waitUntil: "load" });
  sure("it is the day of the example", (await page.textContent("section.demo")).includes("23 Nov 2026"));
  await page.click("section.demo button[value='30']");
  sure("the clock moves", await comes(page, "It is 23 Dec 2026"));
  const answer = await page.goto(`${origin}/proof`, { waitUntil: "load" });
  sure("and the log is there", answer.status() === 200);
  await page.click("form[action='/proof/verify'] button");
  sure("and it holds", await comes(page, "It holds"));
  await context.close();
}

await browser.close();
server.kill();
for (const one of problems) console.error(one);
console.log(`${looked} pages in ${Object.keys(HIDDEN).length} roles at ${WIDTHS.join(", ")} px, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
