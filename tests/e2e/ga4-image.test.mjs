// A hit by `new Image()`, which is what gtag.js falls back to: the page sees a picture, and the collector an event.
import assert from "node:assert/strict";
import { test } from "node:test";
import { launchBrowser } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { newTenant, startWorld } from "../harness/world.mjs";

test("an image's hit loads as a picture", async (t) => {
  const tenant = { ...newTenant("image"), measurement_id: "G-IMAGE" };
  const world = await startWorld({ tenants: [tenant] });
  t.after(() => world.stop());
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const complaints = [];
  const ofHit = (message) => message.location().url.includes("/g/collect");
  page.on("console", (message) => ofHit(message) && complaints.push(message.text()));
  await page.goto(`${world.url}/_readiness`);
  const size = await page.evaluate(async () => {
    const image = new Image();
    image.src = "/g/collect?v=2&tid=G-IMAGE&cid=1.2&_p=1&_s=1&en=page_view";
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  });
  assert.deepEqual(size, [1, 1]);
  assert.deepEqual(complaints, []);
  const rows = await new Client(world.url, tenant).events();
  assert.deepEqual(rows.map((row) => [row.event_name, row.anonymous_id, row.trust]), [["$pageview", "1.2", "origin"]]);
});
