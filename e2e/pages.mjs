// Every page of the console in a real browser: axe finds nothing, the policy for content is kept, nothing is wider than
// the screen, nothing is loaded from elsewhere; pictures at three widths in both themes.
//
//   node pages.mjs DIR [PICTURES]      pages that `cargo run -p tenure-server --example pages DIR` wrote
//
// CHROMIUM names the browser (Debian's by default). ONLY=keys,key narrows it to some pages, WIDTHS=360 to some widths. Exit 1 where something is
// wrong.
import { createServer } from "node:http";
import { readFile, readdir, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, normalize, extname } from "node:path";
import { chromium } from "playwright-core";

const [folder, pictures] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node pages.mjs DIR [PICTURES]");
  process.exit(2);
}
const WIDTHS = (process.env.WIDTHS ?? "360,768,1440").split(",").map(Number);
const THEMES = ["light", "dark"];
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
// The same words as `tenure_server::ui::CONTENT_SECURITY_POLICY`; a test of the crate compares them.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// Which page stands for an address of the server, so that parts of pages can be loaded.
function stands(path) {
  if (path === "/decisions/x6") return "/decision-not.html";
  if (path === "/decisions/x7") return "/sign-in.html";
  if (path === "/keys") return "/keys-narrowed.html";
  return path;
}

const server = createServer(async (request, response) => {
  if (request.method === "POST") return void response.writeHead(204).end();
  const path = normalize(stands(new URL(request.url, "http://x").pathname));
  try {
    const body = await readFile(join(folder, path));
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": CSP });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const only = process.env.ONLY?.split(",");
const names = (await readdir(folder))
  .filter((name) => name.endsWith(".html"))
  .map((name) => name.slice(0, -5))
  .filter((name) => !only || only.includes(name))
  .sort();
const problems = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
if (pictures) await mkdir(pictures, { recursive: true });

for (const theme of THEMES) {
  for (const width of WIDTHS) {
    const context = await browser.newContext({
      viewport: { width, height: width < 500 ? 780 : 900 },
      colorScheme: theme,
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    for (const name of names) {
      const where = `${name} ${width} ${theme}`;
      const listen = (message) => {
        if (message.type() === "error") problems.push(`${where}: ${message.text()}`);
      };
      const watch = (request) => {
        if (!request.url().startsWith(origin)) problems.push(`${where}: asks ${request.url()}`);
      };
      const fail = (error) => problems.push(`${where}: ${error.message}`);
      page.on("console", listen).on("request", watch).on("pageerror", fail);
      await page.goto(`${origin}/${name}.html`, { waitUntil: "load" });
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (over > 0) problems.push(`${where}: is ${over} px wider than the screen`);
      // By the protocol of the browser, which the page's policy does not bind.
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        const result = await globalThis.axe.run(document, { runOnly: tags });
        return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160) + " " + (node.any[0]?.message ?? "")).slice(0, 3).join(" | ")}`);
      });
      problems.push(...found.map((one) => `${where}: ${one}`));
      if (pictures) await page.screenshot({ path: join(pictures, `${name}-${width}-${theme}.png`), fullPage: true });
      page.off("console", listen).off("request", watch).off("pageerror", fail);
    }
    await context.close();
  }
}
// What the pages do with a keyboard, and without JavaScript.
async function behaves(name, steps, options = {}) {
  if (only && !only.includes(name)) return;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${name}: ${message.text()}`);
  });
  const sure = (what, holds) => {
    if (!holds) problems.push(`${name}: ${what}`);
  };
  await page.goto(`${origin}/${name}.html`, { waitUntil: "load" });
  await steps(page, sure);
  await context.close();
}
const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    return { id: at.id, name: at.getAttribute("name"), href: at.getAttribute("href"), item: at.hasAttribute("data-item") };
  });

await behaves("decision", async (page, sure) => {
  await page.keyboard.press("j");
  const second = await focused(page);
  sure("j goes to the next decision", second.item && second.href === "/decisions/x6");
  await page.keyboard.press("k");
  sure("k goes back", (await focused(page)).href === "/decisions/x5");
  await page.keyboard.press("d");
  sure("d chooses to deny", await page.isChecked("input[name=act][value=deny]"));
  sure("and goes to the reason", (await focused(page)).name === "reason");
  await page.keyboard.type("a/jk");
  sure("keys are text in a field", (await page.inputValue("textarea[name=reason]")) === "a/jk");
  sure("and choose nothing", await page.isChecked("input[name=act][value=deny]"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  sure("a chooses to approve", await page.isChecked("input[name=act][value=approve]"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  sure("/ goes to the search", (await focused(page)).id === "q");
  sure("nothing was sent", page.url().endsWith("/decision.html"));
});
await behaves("decision", async (page, sure) => {
  await page.evaluate(() => (globalThis.kept = true));
  await page.keyboard.press("s");
  await page.waitForSelector("#statement:has-text('Why you cannot sign this')");
  sure("a decision is opened without loading the page", await page.evaluate(() => globalThis.kept === true));
  sure("its address is shown", page.url().endsWith("/decisions/x6"));
  const current = await page.getAttribute("[data-list] [aria-current]", "href");
  sure("the list says which one is open", current === "/decisions/x6");
  sure("and its heading has the focus", await page.evaluate(() => document.activeElement.hasAttribute("data-focus")));
  await page.keyboard.press("s");
  await page.waitForURL("**/decisions/x7");
  await page.waitForSelector("h1:has-text('Sign in')");
});
await behaves("keys", async (page, sure) => {
  await page.evaluate(() => (globalThis.kept = true));
  await page.selectOption("select[name=sort]", "level");
  await page.waitForFunction(() => document.getElementById("count").textContent.startsWith("6 keys"));
  sure("the list is narrowed without loading the page", await page.evaluate(() => globalThis.kept === true));
  sure("what narrows it stands in the address", new URL(page.url()).searchParams.get("sort") === "level");
  await page.check("[data-all] input");
  const all = await page.locator("tbody input[type=checkbox]").evaluateAll((boxes) => boxes.every((box) => box.checked));
  sure("the new list's box ticks all", all);
});
await behaves("decision-not", async (page, sure) => {
  await page.keyboard.press("a");
  sure("a does nothing where one may not sign", (await focused(page)).name === null);
});
await behaves("keys", async (page, sure) => {
  await page.click("summary:has(.name)");
  const box = page.locator("[data-shortcuts] input");
  await box.uncheck();
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("/");
  sure("keys without modifier can be turned off", (await focused(page)).id !== "q");
  await page.click("button[name=theme][value=dark]");
  sure("the look changes at once", (await page.getAttribute("html", "data-theme")) === "dark");
  await page.click("main h1");
  sure("the menu closes", (await page.locator("details.who[open]").count()) === 0);
  await page.check("[data-all] input");
  const all = await page.locator("tbody input[type=checkbox]").evaluateAll((boxes) => boxes.every((box) => box.checked));
  sure("one box ticks all", all);
});
await behaves("keys", async (page, sure) => {
  await page.keyboard.press("Tab");
  sure("the first stop skips to the page", (await focused(page)).href === "#main");
});
for (const name of names) {
  await behaves(
    name,
    async (page, sure) => {
      const dead = await page.evaluate(() =>
        [...document.querySelectorAll("button, a")]
          .filter((one) => !one.hidden && !one.closest("[hidden]"))
          .filter((one) => (one.tagName.toLowerCase() === "a" ? !one.getAttribute("href") : !one.form || one.type === "button"))
          .map((one) => one.outerHTML.slice(0, 100)),
      );
      sure(`does nothing without JavaScript: ${dead.join(" ")}`, dead.length === 0);
      const text = await page.evaluate(() => document.querySelector("main").innerText.trim().length);
      sure("is empty without JavaScript", text > 20);
    },
    { javaScriptEnabled: false },
  );
}

await browser.close();
server.close();
for (const problem of [...new Set(problems)]) console.log(problem);
console.error(`${names.length} pages, ${WIDTHS.length} widths, ${THEMES.length} themes: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
