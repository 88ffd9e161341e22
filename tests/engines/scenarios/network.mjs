/** What happens to the events of a page whose collector can't be reached for a while. */
import assert from "node:assert/strict";
import { inOrder, until } from "../../e2e/support.mjs";
import { startRelay } from "../relay.mjs";
import { REFUSED, flush } from "../support.mjs";

const during = Array(5).fill("during");

/** Captures events and asks for them to be sent at once. */
const captureDuring = (tab) =>
  tab.evaluate(() => {
    for (let i = 0; i < 5; i++) tallymark.capture("during", { i });
    void tallymark.flush();
  });

export function network(scenario) {
  scenario(
    "503 for a while: nothing lost, nothing doubled",
    async ({ tab, address, received, world }) => {
      const door = async (query = "") => (await fetch(`${world.url}/flaky/door${query}`)).json();
      await tab.goto(address("home", "?tm-path=/flaky/batch/"));
      await flush(tab);
      const { refused } = await door("?status=503");
      await captureDuring(tab);
      await until("a refusal", async () => (await door()).refused > refused);
      await door("?status=200");
      await received("$pageview", ...during);
      await tab.close();
      await received("$pageview", ...during, "$pageleave");
    },
    { expectedConsole: /503/ },
  );

  scenario(
    "a collector of another origin that can't be reached for a while: nothing lost, nothing doubled",
    async ({ t, tab, address, received, world }) => {
      const relay = await startRelay(world.url);
      t.after(() => relay.stop());
      await tab.goto(address("home", `?tm-host=${relay.url}`));
      await flush(tab);
      relay.cut();
      await captureDuring(tab);
      await until("an attempt", () => relay.refused());
      relay.mend();
      await received("$pageview", ...during);
      await tab.close();
      await received("$pageview", ...during, "$pageleave");
    },
    { expectedConsole: REFUSED },
  );

  scenario(
    "offline: events wait, and leave when the browser is online again",
    async ({ tab, address, received }) => {
      await tab.goto(address("home"));
      await flush(tab);
      await tab.offline(true);
      assert.equal(await tab.evaluate(() => navigator.onLine), false);
      await captureDuring(tab);
      await received("$pageview");
      await tab.offline(false);
      const rows = inOrder(await received("$pageview", ...during));
      assert.deepEqual(rows.slice(1).map((row) => row.properties.i), [0, 1, 2, 3, 4]);
      await tab.close();
      await received("$pageview", ...during, "$pageleave");
    },
    { needs: "offline", expectedConsole: /ERR_INTERNET_DISCONNECTED/ },
  );
}
