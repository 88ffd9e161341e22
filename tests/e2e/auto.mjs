/**
 * What the tests of autocapture share: how the page of all things (`auto` in site.mjs) is opened, and what its events
 * say of themselves.
 */
import { inOrder } from "./support.mjs";

export const flush = (page) => page.evaluate(() => window.tallymark.flush());

/** What this event says and no other does. */
export const own = ({ event_name, properties }) => [
  event_name,
  Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith("$"))),
];

/** What was captured beside views, in order. */
export const extra = (rows) =>
  inOrder(rows)
    .filter(({ event_name }) => !/^\$page/.test(event_name))
    .map(own);

/**
 * Opens the page and waits until `scripts` (parts of their addresses) have started: importing them again gives what is
 * there already, after whoever imported it before. Returns what tells which scripts of ours were asked for.
 */
export async function open(page, url, ...scripts) {
  const context = page.context();
  const partner = { contentType: "text/html", body: "<title>Partner</title>" };
  await context.route("https://partner.example/**", (route) => route.fulfill(partner));
  await context.route("**/files/**", (route) => route.fulfill({ status: 204 }));
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(url);
  for (const script of scripts) {
    const address = await page.waitForFunction(
      (script) => performance.getEntriesByType("resource").find(({ name }) => name.includes(script))?.name,
      script,
    );
    await page.evaluate((address) => import(address), await address.jsonValue());
  }
  return () =>
    asked.filter((path) => /(auto|vitals).*\.js$/.test(path)).map((path) => path.replace(/\.\w{8}\./, "."));
}
