/** Views and events of pages that live. */
import assert from "node:assert/strict";
import { inOrder, names } from "../../e2e/support.mjs";
import { flush, started, untilPage } from "../support.mjs";

/** What the collector's rows say of the browser. */
const BROWSER = { Chromium: "Chrome", Firefox: "Firefox", WebKitGTK: "Safari" };

/** Waits until that page is there and takes calls. */
const onPage = (tab, page) =>
  untilPage(tab, page, (path) => location.pathname.endsWith(path) && "tallymark" in window, `/${page}`);

/** Ids of the views that were left, in the order of the rows. */
const leavesOf = (rows) =>
  rows.filter((row) => row.event_name === "$pageleave").map((row) => row.properties.$prev_pageview_id);

export function pages(scenario, engine) {
  scenario("load: one $pageview, with browser, page and session", async ({ tab, address, received }) => {
    await tab.goto(address("home", "?utm_source=newsletter"));
    await flush(tab);
    const [view] = await received("$pageview");
    const p = view.properties;
    assert.match(p.$current_url, /\/home\?utm_source=newsletter/);
    assert.deepEqual([p.title, p.utm_source, p.$referrer], ["home", "newsletter", "$direct"]);
    assert.deepEqual([p.$browser, p.$os, p.$device_type], [BROWSER[engine.name], "Linux", "Desktop"]);
    const [width, height] = await tab.evaluate(() => [innerWidth, innerHeight]);
    assert.deepEqual([p.$viewport_width, p.$viewport_height], [width, height]);
    assert.equal(p.$timezone, Intl.DateTimeFormat().resolvedOptions().timeZone);
    assert.ok(view.session_id && p.$window_id && view.anonymous_id);
    assert.equal(p.$pageview_id, view.event_id);
    await tab.close();
    await received("$pageview", "$pageleave");
  });

  scenario("click: a feature event with its entity and correlation", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await tab.click("#scale");
    await flush(tab);
    const [view, click] = inOrder(await received("$pageview", "recipe_scaled"));
    assert.deepEqual(
      [click.event_name, click.entity_type, click.entity_id, click.correlation_id, click.properties.scale],
      ["recipe_scaled", "recipe", "12", "c-1", 2],
    );
    assert.equal(click.properties.$pageview_id, view.event_id);
    await tab.close();
    await received("$pageview", "recipe_scaled", "$pageleave");
  });

  scenario("routes of a single page: a view each, and a leave for each view", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    await tab.evaluate(() => history.pushState({}, "", "./recipes"));
    await tab.evaluate(() => history.replaceState({}, "", "./recipes#top"));
    await tab.evaluate(() => history.pushState({}, "", "./recipes/12"));
    await tab.evaluate(() => history.back());
    await untilPage(tab, "the route before", () => location.pathname.endsWith("/recipes"));
    await tab.close();
    const rows = inOrder(await received(...Array(4).fill(["$pageview", "$pageleave"]).flat()));
    const views = rows.filter((row) => row.event_name === "$pageview");
    assert.deepEqual(
      views.map((row) => [row.properties.$pathname.split("/").slice(2).join("/"), row.properties.navigation_type]),
      [["home", "navigate"], ["recipes", "pushState"], ["recipes/12", "pushState"], ["recipes", "popstate"]],
    );
    assert.deepEqual(
      views.map((row) => row.properties.$prev_pageview_id),
      [undefined, ...views.slice(0, 3).map((row) => row.event_id)],
    );
    assert.deepEqual(leavesOf(rows), views.map((row) => row.event_id));
  });

  scenario("reload: a leave and a new view", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    await tab.reload();
    const rows = inOrder(await received("$pageview", "$pageleave", "$pageview"));
    assert.deepEqual(names(rows), ["$pageview", "$pageleave", "$pageview"]);
    assert.equal(rows[2].properties.navigation_type, "reload");
    await tab.close();
    await received("$pageview", "$pageleave", "$pageview", "$pageleave");
  });

  scenario("back and forward, out of the back/forward cache: a view each time, and one leave for each", async ({ tab, address, received }) => {
    const noteRestore = () => addEventListener("pageshow", (event) => (window.wasRestored = event.persisted));
    await tab.goto(address("home"));
    await flush(tab);
    await started(tab);
    await tab.evaluate(noteRestore);
    await tab.click("#next");
    await onPage(tab, "second");
    await flush(tab);
    await started(tab);
    await tab.evaluate(noteRestore);
    await tab.evaluate(() => history.back());
    await onPage(tab, "home");
    await untilPage(tab, "home out of the cache", () => window.wasRestored);
    await tab.evaluate(() => history.forward());
    await onPage(tab, "second");
    await untilPage(tab, "the second page out of the cache", () => window.wasRestored);
    await flush(tab);
    await tab.close();
    const rows = await received(...Array(4).fill(["$pageview", "$pageleave"]).flat());
    const views = rows.filter((row) => row.event_name === "$pageview");
    assert.equal(views.filter((row) => row.properties.navigation_type === "bfcache").length, 2);
    assert.deepEqual(leavesOf(rows).sort(), views.map((row) => row.event_id).sort());
    assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
  });

  scenario("identify, group, register and reset", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await tab.evaluate(() => {
      tallymark.identify("user-42", { plan: "pro" });
      tallymark.group("company", "acme", { size: 3 });
      tallymark.register({ theme: "dark" });
      tallymark.capture("known");
      tallymark.reset();
      tallymark.capture("after");
    });
    await flush(tab);
    const rows = inOrder(await received("$pageview", "$identify", "$groupidentify", "known", "after"));
    const [view, identify, , known, after] = rows;
    assert.deepEqual([identify.user_id, identify.properties.$anon_distinct_id], ["user-42", view.anonymous_id]);
    assert.deepEqual([known.user_id, known.properties.theme, known.properties.$groups.company], ["user-42", "dark", "acme"]);
    assert.deepEqual([after.user_id, after.properties.theme], [null, undefined]);
    assert.notEqual(after.anonymous_id, view.anonymous_id);
    assert.notEqual(after.session_id, view.session_id);
    await tab.close();
    await received("$pageview", "$identify", "$groupidentify", "known", "after", "$pageleave");
  });

  scenario("two tabs share the visitor and the session, not the window", async ({ tab, visitor, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    const second = await visitor.newTab();
    await second.goto(address("other"));
    await flush(second);
    await second.close();
    await tab.close();
    const rows = await received("$pageview", "$pageview", "$pageleave", "$pageleave");
    assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
    assert.equal(new Set(rows.map((row) => row.anonymous_id)).size, 1);
    assert.equal(new Set(rows.map((row) => row.properties.$window_id)).size, 2);
  });

  scenario("a burst of 200 in one task arrives whole, in order", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await tab.evaluate(() => {
      for (let i = 0; i < 200; i++) tallymark.capture("burst", { i });
    });
    await flush(tab);
    const rows = inOrder(await received("$pageview", ...Array(200).fill("burst")));
    assert.deepEqual(rows.slice(1).map((row) => row.properties.i), [...Array(200).keys()]);
    await tab.close();
    await received("$pageview", ...Array(200).fill("burst"), "$pageleave");
  });

  scenario(
    "a policy that refuses WebAssembly: the same code as JavaScript, and nothing missing",
    async ({ tab, address, received }) => {
      const scripts = "script-src 'nonce-NONCE' 'strict-dynamic'; require-trusted-types-for 'script'";
      const csp = `default-src 'none'; connect-src 'self'; ${scripts}`;
      await tab.goto(address("strict", `?${new URLSearchParams({ csp })}`));
      await tab.evaluate(() => {
        tallymark.register({ theme: "dark" });
        tallymark.capture("recipe_scaled", { note: "½ 🍓" });
      });
      await flush(tab);
      const [, scaled] = inOrder(await received("$pageview", "recipe_scaled"));
      // The loader by itself knows nothing of registered properties.
      assert.deepEqual([scaled.properties.theme, scaled.properties.note], ["dark", "½ 🍓"]);
      await tab.close();
      await received("$pageview", "recipe_scaled", "$pageleave");
    },
    // Firefox tells what it has blocked, though that is dealt with.
    { expectedConsole: /Content-Security-Policy/ },
  );
}
