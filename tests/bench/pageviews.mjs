/** Bodies of real posthog-js `$pageview`s: recorded events under fresh ids, in batches as that client makes them. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { uuidv7 } from "../harness/client.mjs";
import { ROOT } from "../harness/world.mjs";

const FOLDER = join(ROOT, "tests/fixtures/posthog");

/** Every `$pageview` that posthog-js 1.449 was recorded to send. */
const recorded = readdirSync(FOLDER)
  .filter((file) => file.startsWith("js1449-") && file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")).decoded?.json)
  .flatMap((json) => json?.batch ?? [])
  .filter((event) => event.event === "$pageview");

let next = 0;

function pageview(token) {
  const event = recorded[next++ % recorded.length];
  const uuid = uuidv7();
  const properties = { ...event.properties, token, $pageview_id: uuid, $time: Date.now() / 1_000 };
  return { ...event, uuid, properties, timestamp: new Date().toISOString() };
}

/** What one of them takes as JSON, in bytes. */
export const pageviewBytes = () => Buffer.byteLength(JSON.stringify(pageview("wk_bench")));

/** Makes gzipped bodies of `size` events. */
export const pageviews = (token) => (size) => () => {
  const batch = Array.from({ length: size }, () => pageview(token));
  return gzipSync(JSON.stringify({ api_key: token, batch, sent_at: new Date().toISOString() }));
};
