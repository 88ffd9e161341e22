// tallymark/dev: what a developer reads on the console, beside what the collector says of the same events.
import assert from "node:assert/strict";
import { inOrder, names, scenarios, until } from "./support.mjs";
import { PLANS } from "./site-plans.mjs";

const scenario = scenarios();
/** Everything that tallymark/dev says, and what ends its groups. */
const expectedConsole = /^tallymark\/dev: |^[\w.$]+: \w+( since .*)?(\n|$)|^and \d+ more$|^console\.groupEnd$/;

/** What the console says, as lines; of a group its title first. */
function consoleOf(page) {
  const lines = [];
  page.on("console", (message) => {
    if (message.type() !== "endGroup") lines.push(`${message.type()} ${message.text()}`);
  });
  return lines;
}

/** The path, rule, and so on of each finding that was told. */
const findings = (lines) =>
  lines.flatMap((line) => {
    const [, path, rule, expected, got] =
      /^warning (.+): (\w+)\n {2}expected {2}(.*)\n {2}got {7}(.*)\n {2}remedy {4}.+$/.exec(line) ?? [];
    return path === undefined ? [] : [{ path, rule, expected, got }];
  });

/** What a page does that breaks the plan in every way that one call can. */
function misbehave() {
  tallymark.register({ shop: "fern" });
  const entity = { entity: { type: "recipe", id: "12" } };
  tallymark.capture("recipe_scaled", { scale: 2 }, entity);
  for (let again = 0; again < 3; again++) {
    tallymark.capture("recipe_scaled", { scale: "2", colour: "red" }, entity);
    tallymark.capture("recipe_scaled", { scale: 50, email: "somebody@example.com" }, { entity: { type: "batch", id: "1" } });
  }
  tallymark.capture("recipe_scaled", { method: "wheel" }, entity);
  tallymark.capture("order_paid");
  tallymark.capture("recipe_sclaed", { scale: 1 });
}
const SENT = ["$pageview", ...Array(8).fill("recipe_scaled"), "order_paid", "recipe_sclaed"];

/** Properties that every visit has anew. */
const OWN = /^\$(device_id|session_id|window_id|pageview_id|prev_pageview_id|stream_id|monotonic_ms|current_url|prev_pageview_.*)$/;
const comparable = (rows) =>
  inOrder(rows).map(({ event_name, properties, entity_type, entity_id, context }) => ({
    event_name,
    entity_type,
    entity_id,
    seq: context.seq,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !OWN.test(name))),
  }));

for (const load of ["script", "npm"]) {
  scenario(
    `${load}: what breaks the plan is told once each, as the collector has it, and what is sent is as without`,
    async ({ page, context, client, world, address, received }) => {
      const record = { mode: "observe", salt: "0123456789abcdef", plan: PLANS.shop };
      await world.registry.put(`plan:${client.tenant.organization_id}`, JSON.stringify(record));
      const lines = consoleOf(page);
      const visit = async (on, plan) => {
        await on.goto(address("home", `?load=${load}${plan}`), { waitUntil: "commit" });
        // As soon as there is anything to call: by the script tag that is the stub.
        await on.waitForFunction(() => globalThis.tallymark ?? (globalThis.tallymark = globalThis.client));
        await on.evaluate(misbehave);
        await on.evaluate(() => tallymark.flush());
      };
      await visit(page, "&plan=/plans/shop.json");
      const rows = await received(...SENT);
      await until("the console's word on the last event", () => lines.some((line) => line.includes("recipe_sclaed")));

      const noted = inOrder(rows).flatMap((row) => row.context.plan_violations ?? []);
      const once = [...new Map(noted.map((note) => [`${note.path} ${note.rule}`, note])).values()];
      const told = findings(lines);
      assert.deepEqual(told.map(({ path, rule }) => `${path} ${rule}`), [
        "properties.scale wrong_type",
        "properties.colour unknown_property",
        "entity_type wrong_entity",
        "properties.scale out_of_range",
        "properties.email too_long",
        "properties.method not_in_enum",
        "properties.scale missing_required",
        "source origin_not_allowed",
        "event_name unknown_event",
      ]);
      const byRule = (list) => list.map((it) => JSON.stringify([it.path, it.rule, it.expected, it.got])).sort();
      assert.deepEqual(byRule(told), byRule(once), "to the letter what the collector notes");
      const groups = lines.filter((line) => line.startsWith("startGroup ")).map((line) => line.slice("startGroup ".length));
      const of = (name) => `tallymark/dev: ${name} breaks the plan shop, version 7`;
      assert.deepEqual(groups, [
        ...[1, 2, 3].map(() => of("recipe_scaled")),
        "tallymark/dev: recipe_scaled uses what is deprecated in the plan shop, version 7",
        of("order_paid"),
        of("recipe_sclaed"),
      ]);
      assert.ok(lines.includes("warning properties.method: deprecated since 2026-11-21\n  remedy    use way"));
      assert.ok(!lines.join().includes("somebody"), "nothing of what is to be dropped is repeated");

      const other = await context.browser().newContext({ viewport: page.viewportSize(), userAgent: await page.evaluate(() => navigator.userAgent) });
      const plain = await other.newPage();
      await visit(plain, "");
      const both = await received(...SENT, ...SENT);
      await other.close();
      const all = await received(...SENT, ...SENT, "$pageleave");
      const first = new Set(rows.map((row) => row.event_id));
      assert.deepEqual(comparable(rows), comparable(both.filter((row) => !first.has(row.event_id))));
      assert.equal(all.length, both.length + 1);
    },
    { expectedConsole },
  );
}

scenario(
  "events that no call of the page's makes are checked, too",
  async ({ page, address, received }) => {
    const lines = consoleOf(page);
    await page.goto(address("auto", "?tm-autocapture&plan=/plans/shop.json"));
    await page.waitForFunction(() => tallymark.flush !== undefined);
    await page.evaluate(() => {
      const button = document.body.appendChild(document.createElement("button"));
      button.dataset.tmEvent = "recipe_printed";
    });
    await page.locator("[data-tm-event=recipe_printed]").dispatchEvent("click");
    await until("its word on the console", () => lines.some((line) => line.includes("recipe_printed breaks the plan")));
    assert.deepEqual(names(await received("$pageview", "recipe_printed")), ["$pageview", "recipe_printed"]);
  },
  { expectedConsole },
);

for (const [what, query, said] of [
  ["is missing", "plan=/plans/none.json", [/nothing is checked\. \/plans\/none\.json can't be loaded \(HTTP 404\); give the address of a plan\.json, or write it with `tallymark plan build`$/]],
  [
    "is wrong",
    "plan=/plans/wrong.json",
    [/nothing is checked\. The plan \/plans\/wrong\.json is none that the collector would take; correct it, and write it with `tallymark plan build`:\nplan\.json:1:\d+: .+; .+\nplan\.json:1:\d+: .+"text".*; .+$/],
  ],
  ["is not named", "plan=", [/nothing is checked: the script tag names no plan\. Write data-plan="\/plan\.json"$/]],
]) {
  scenario(
    `a plan that ${what} is said with what to do, and the page is as without`,
    async ({ page, address, received }) => {
      const lines = consoleOf(page);
      await page.goto(address("home", `?${query}`));
      await page.evaluate(() => tallymark.capture("recipe_sclaed"));
      await page.evaluate(() => tallymark.flush());
      await received("$pageview", "recipe_sclaed");
      await until("a word on the console", () => lines.some((line) => line.startsWith("warning ")));
      const own = lines.filter((line) => line.startsWith("warning "));
      assert.equal(own.length, said.length);
      said.forEach((expected, at) => assert.match(own[at], expected));
    },
    { expectedConsole: /^tallymark\/dev: |status of 404/ },
  );
}

scenario(
  "a policy that refuses WebAssembly: said with what to allow, and the page is as without",
  async ({ page, address, received }) => {
    const lines = consoleOf(page);
    const csp = encodeURIComponent("default-src 'none'; script-src 'nonce-NONCE' 'strict-dynamic'; connect-src 'self'");
    await page.goto(address("strict", `?csp=${csp}&plan=/plans/shop.json&tm-wasm=false`));
    await page.evaluate(() => tallymark.flush());
    await received("$pageview");
    await until("a word on the console", () => lines.length);
    assert.match(lines.join("\n"), /^warning tallymark\/dev: nothing is checked\. .*allow 'wasm-unsafe-eval' in script-src in development/);
  },
  { expectedConsole: /^tallymark\/dev: / },
);
