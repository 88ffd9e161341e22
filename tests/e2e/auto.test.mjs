// Events without code: each switch gives exactly its own, and what isn't switched on isn't downloaded.
import assert from "node:assert/strict";
import { enrol } from "../harness/world.mjs";
import { extra, flush, open, own } from "./auto.mjs";
import { inOrder, names, scenarios } from "./support.mjs";

const scenario = scenarios();
const frames = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const pushState = (page, to) => page.evaluate((to) => history.pushState({}, "", to), to);

/** Uses all that the page has; leaves it by the link to another site. */
async function tour(page) {
  await page.click("#deep");
  await page.click("#nested");
  await page.click("#card");
  await page.click("#label");
  await page.click("#box");
  await page.click("#private");
  await page.click("#unsent");
  await page.click("#ignored", { modifiers: ["Control"] });
  await page.focus("#question");
  await page.keyboard.press("Enter");
  await page.click("#file");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await frames(page);
  await page.evaluate(() => scrollTo(0, 0));
  await frames(page);
  await Promise.all([page.waitForURL("https://partner.example/**"), page.click("#out span")]);
}

const OUTBOUND = [
  "click",
  {
    outbound: true,
    link_url: "https://partner.example/path/page.html",
    link_domain: "partner.example",
    link_id: "out",
    link_classes: "btn ext",
  },
];
const download = (origin) => [
  "file_download",
  {
    file_extension: "pdf",
    file_name: "/files/price-list.PDF",
    link_url: `${origin}/files/price-list.PDF`,
    link_text: "Price list",
    link_id: "file",
    link_classes: "dl",
  },
];
const asked = (here) => ["form_submit", { form_id: "asked", form_destination: here, form_submit_text: "Ask" }];
const ELEMENTS = [
  ["recipe_scaled", { scale: "2", some_name: "0123", factor: 1.5, draft: true }],
  ["recipe_kept", {}],
  ["card_used", {}],
  ["vegan_only", {}],
  ["vegan_only", {}],
  ["question_asked", { topic: "price" }],
];
const SEARCH = ["view_search_results", { search_term: "red shoes" }];
const SCROLL = ["scroll", { percent_scrolled: 90 }];

/** By switch, what the tour gives: from the page's address. */
const SWITCHES = {
  elements: () => ELEMENTS,
  outboundClicks: () => [OUTBOUND],
  fileDownloads: ({ origin }) => [download(origin)],
  forms: ({ origin, pathname }) => [asked(origin + pathname)],
  siteSearch: () => [SEARCH],
  scroll: () => [SCROLL],
  true: ({ origin, pathname }) => [SEARCH, ...ELEMENTS, asked(origin + pathname), download(origin), SCROLL, OUTBOUND],
};

for (const [name, expected] of Object.entries(SWITCHES)) {
  scenario(`${name}: what it promises, and nothing else`, async ({ page, address, received }) => {
    const url = address("auto", `?q=+red%20shoes+&tm-autocapture=${name}`);
    const downloads = await open(page, url, "tm.auto");
    await tour(page);
    const events = expected(new URL(url));
    const rows = await received("$pageview", ...events.map(([event]) => event), "$pageleave");
    const order = ([a], [b]) => a.localeCompare(b);
    assert.deepEqual(extra(rows).sort(order), [...events].sort(order));
    assert.deepEqual(downloads(), ["/tm.auto.js"]);
  });
}

for (const off of ["", "&tm-autocapture=false"]) {
  scenario(`off${off}: nothing, and no download`, async ({ page, address, received }) => {
    const downloads = await open(page, address("auto", `?q=shoes${off}`));
    await flush(page);
    await tour(page);
    await received("$pageview", "$pageleave");
    assert.deepEqual(downloads(), []);
  });
}

scenario("off, each by name: nothing, and no download", async ({ page, address, received }) => {
  const options = encodeURIComponent(JSON.stringify({ autocapture: { elements: false, siteSearch: false } }));
  const downloads = await open(page, address("auto", `?load=npm&q=shoes&options=${options}`));
  await page.waitForFunction(() => window.client);
  await page.evaluate(() => window.client.flush());
  await page.click("#nested");
  await page.close();
  await received("$pageview", "$pageleave");
  assert.deepEqual(downloads(), []);
});

scenario("elements: entity and correlation are the event's own", async ({ page, address, received }) => {
  await open(page, address("auto", "?tm-autocapture=elements"), "tm.auto");
  await page.focus("#marked");
  await page.keyboard.press("Enter");
  await flush(page);
  const row = (await received("$pageview", "recipe_scaled")).find((r) => r.event_name === "recipe_scaled");
  assert.deepEqual([row.entity_type, row.entity_id, row.correlation_id], ["recipe", "12", "c-9"]);
  await page.close();
  await received("$pageview", "recipe_scaled", "$pageleave");
});

scenario("elements: late ones, in a shadow root, that stop their events", async ({ page, address, received }) => {
  await open(page, address("auto", "?tm-autocapture=elements,fileDownloads"), "tm.auto");
  await page.evaluate(() => {
    const late = document.createElement("section");
    // What isn't a JSON object says nothing; the event still does.
    late.innerHTML =
      `<button id="late" data-tm-event="late_used" data-tm-properties='"text"'>late</button><p id="host"></p>`;
    late.addEventListener("click", (event) => event.stopImmediatePropagation());
    document.body.prepend(late);
    document.getElementById("host").attachShadow({ mode: "open" }).innerHTML =
      `<button id="inside" data-tm-event="inside_used" data-tm-properties="{half">in</button>` +
      `<a id="shadow-file" href="/files/a.zip">${"😀".repeat(150)}</a>`;
  });
  await page.click("#late");
  await page.click("#inside");
  await page.click("#shadow-file");
  await flush(page);
  const rows = extra(await received("$pageview", "late_used", "inside_used", "file_download"));
  assert.deepEqual(rows.slice(0, 2), [["late_used", {}], ["inside_used", {}]]);
  assert.equal(rows[2][1].link_text, "😀".repeat(100), "cut between characters");
  await page.close();
  await received("$pageview", "late_used", "inside_used", "file_download", "$pageleave");
});

scenario("links: the middle button and ctrl click count", async ({ context, page, address, received }) => {
  await open(page, address("auto", "?tm-autocapture=elements,outboundClicks"), "tm.auto");
  for (const how of [{ button: "middle" }, { modifiers: ["Control"] }]) {
    const [tab] = await Promise.all([context.waitForEvent("page"), page.click("#out", how)]);
    await tab.close();
  }
  const [tab] = await Promise.all([context.waitForEvent("page"), page.click("#marked-link", { button: "middle" })]);
  await tab.waitForURL(/second/);
  await tab.close();
  for (const id of ["#out", "#marked-link", "#marked"]) await page.click(id, { button: "right" });
  await page.click("#marked", { button: "middle" });
  await flush(page);
  const all = ["$pageview", "click", "click", "guide_opened", "$pageview", "$pageleave"];
  const rows = await received(...all);
  const click = JSON.stringify(OUTBOUND);
  assert.equal(rows.filter((row) => JSON.stringify(own(row)) === click).length, 2);
  await page.close();
  await received(...all, "$pageleave");
});

scenario("links: a host below the page's own, another port, mail and scripts are not outbound", async (given) => {
  const { context, page, address, client, received, world } = given;
  const url = new URL(address("auto", "?tm-autocapture=outboundClicks"));
  url.hostname = "localhost";
  await enrol(world.registry, client.tenant, [url.origin]);
  await context.route("https://help.localhost/**", (route) => route.fulfill({ status: 204 }));
  await open(page, url.href, "tm.auto");
  await page.click("#below");
  for (const href of ["http://localhost:1/", "mailto:a@partner.example", "javascript:0", "#here", "https://[", ""]) {
    await page.evaluate((href) => {
      const link = Object.assign(document.createElement("a"), { href });
      // What counts is the click; where it would lead is not there.
      link.addEventListener("click", (event) => event.preventDefault());
      document.body.append(link);
      link.click();
    }, href);
  }
  await flush(page);
  await received("$pageview");
  await page.close();
  await received("$pageview", "$pageleave");
});

scenario("links: query parameters that the page allows stay", async ({ page, address, received }) => {
  await open(page, address("auto", "?tm-url-parameters=v&tm-autocapture=fileDownloads"), "tm.auto");
  await page.click("#file");
  await page.close();
  const rows = await received("$pageview", "file_download", "$pageleave");
  assert.equal(extra(rows)[0][1].link_url, `${new URL(address("auto")).origin}/files/price-list.PDF?v=2`);
});

scenario("forms: where to, never what, whatever fields are called", async ({ page, address, received }) => {
  const url = address("auto", "?tm-autocapture=forms");
  await open(page, url, "tm.auto");
  await page.fill("#name", "Ann Example");
  await Promise.all([page.waitForURL(/second/), page.click("#send")]);
  const rows = await received("$pageview", "form_submit", "$pageleave", "$pageview");
  const form_destination = url.replace(/auto.*/, "second");
  assert.deepEqual(extra(rows), [
    ["form_submit", { form_id: "contact", form_name: "contact", form_destination, form_submit_text: "Send it" }],
  ]);
  const submitted = rows.find((row) => row.event_name === "form_submit");
  assert.doesNotMatch(JSON.stringify(submitted), /Ann|hunter2|hidden|Bob|secret/);
  await page.close();
  await received("$pageview", "form_submit", "$pageleave", "$pageview", "$pageleave");
});

scenario("views of one page: search and scroll are each view's own", async ({ page, address, received }) => {
  await open(page, address("auto", "?search=one&tm-autocapture=siteSearch,scroll"), "tm.auto");
  const down = async () => {
    for (const y of [1e6, 0, 1e6, 0]) {
      await page.evaluate((y) => scrollTo(0, y), y);
      await frames(page);
    }
  };
  await down();
  await pushState(page, "?query=&q=two&s=three");
  await down();
  await pushState(page, "?other=four");
  await page.evaluate(() => scrollTo(0, innerHeight));
  await frames(page);
  await flush(page);
  const term = (search_term) => ["view_search_results", { search_term }];
  const whole = ["$pageview", "view_search_results", "scroll", "$pageleave"];
  const rows = await received(...whole, ...whole, "$pageview");
  assert.deepEqual(extra(rows), [term("one"), SCROLL, term("two"), SCROLL]);
  for (const view of inOrder(rows).filter((row) => row.event_name === "$pageview").slice(0, 2)) {
    const its = rows.filter((row) => row.properties.$pageview_id === view.event_id);
    assert.deepEqual(names(inOrder(its)), whole);
  }
  await page.close();
  await received(...names(rows), "$pageleave");
});

scenario("from npm: options by name, loaded as chunks of the package", async ({ page, address, received }) => {
  const autocapture = { siteSearch: ["find", "for"], elements: true, scroll: false };
  const options = encodeURIComponent(JSON.stringify({ autocapture }));
  const downloads = await open(page, address("auto", `?load=npm&q=no&for=yes&options=${options}`), "npm/auto/index");
  await page.click("#nested");
  await page.evaluate(() => window.client.flush());
  const rows = await received("$pageview", "view_search_results", "recipe_kept");
  assert.deepEqual(extra(rows), [["view_search_results", { search_term: "yes" }], ["recipe_kept", {}]]);
  assert.deepEqual(downloads(), ["/npm/auto/index.js"]);
  await page.close();
  await received("$pageview", "view_search_results", "recipe_kept", "$pageleave");
});

const FAILURES = {
  blocked: (route) => route.abort("blockedbyclient"),
  gone: (route) => route.fulfill({ status: 404 }),
};
for (const [how, answer] of Object.entries(FAILURES)) {
  scenario(
    `${how}: without the script the page goes on in silence`,
    async ({ page, address, received }) => {
      await page.route(/tm\.auto/, answer);
      await Promise.all([page.waitForRequest(/tm\.auto/), open(page, address("auto", "?tm-autocapture=true"))]);
      await page.click("#deep");
      await page.evaluate(() => window.tallymark.capture("by_hand"));
      await flush(page);
      await received("$pageview", "by_hand");
      await page.close();
      await received("$pageview", "by_hand", "$pageleave");
    },
    // The browser's own word, of any script that can't be had.
    { expectedConsole: /Failed to load resource/ },
  );
}

scenario("a page that breaks what is read of it is not told so", async ({ page, address, received }) => {
  await open(page, address("auto", "?tm-autocapture=true"), "tm.auto");
  await page.evaluate(() => {
    window.clicked = 0;
    document.addEventListener("click", () => window.clicked++);
    const { getAttribute } = Element.prototype;
    Element.prototype.getAttribute = () => {
      throw new Error("ours");
    };
    document.getElementById("nested").click();
    Element.prototype.getAttribute = getAttribute;
  });
  await page.click("#nested");
  assert.equal(await page.evaluate(() => window.clicked), 2);
  await flush(page);
  await received("$pageview", "recipe_kept");
  await page.close();
  await received("$pageview", "recipe_kept", "$pageleave");
});

scenario("under a strict policy, with Trusted Types", async ({ page, address, received }) => {
  const csp =
    "default-src 'none'; script-src 'nonce-NONCE' 'strict-dynamic' 'wasm-unsafe-eval'; connect-src 'self'; " +
    "require-trusted-types-for 'script'";
  const query = new URLSearchParams({ csp, s: "strict", "tm-autocapture": "true,webVitals" });
  await open(page, address("strict", `?${query}`), "tm.auto", "tm.vitals");
  await flush(page);
  await received("$pageview", "view_search_results");
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  await page.close();
  await received("$pageview", "view_search_results", "$pageleave", "$web_vitals");
});
