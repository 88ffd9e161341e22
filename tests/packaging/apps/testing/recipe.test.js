import { createElement } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { beforeEach, expect, test } from "vitest";
import { createApp, h } from "vue";
import { TallymarkProvider, useTallymark } from "tallymark/react";
import { tallymark as plugin, useTallymark as useInVue } from "tallymark/vue";
import { createTestClient, matchers } from "tallymark/testing";

expect.extend(matchers);

/** The application under test. */
const scale = (tallymark, factor) =>
  tallymark.capture("recipe_scaled", { scale: factor, units: ["g", "ml"] }, { entity: { type: "recipe", id: "12" } });

let tallymark;
beforeEach(() => {
  tallymark = createTestClient();
});

test("what is captured is there at once, as often as it is asked for", () => {
  for (let factor = 1; factor <= 10; factor++) {
    scale(tallymark, factor);
    expect(tallymark).toHaveCaptured("recipe_scaled", { scale: factor });
    expect(tallymark).toHaveCapturedTimes("recipe_scaled", factor);
  }
  expect(tallymark).toHaveCaptured("recipe_scaled", { scale: expect.any(Number), $entity_id: "12", units: ["g", "ml"] });
  expect(tallymark).not.toHaveCaptured("recipe_scaled", { scale: 11 });
  expect(tallymark).not.toHaveCaptured("recipe_scaled", { units: ["g"] });
  expect(tallymark).not.toHaveCaptured("recipe_opened");
});

test("a burst is there whole", () => {
  for (let i = 0; i < 900; i++) tallymark.capture("burst", { i });
  expect(tallymark.events.map(({ properties }) => properties.i)).toEqual([...Array(900).keys()]);
});

test("it is the SDK: who, super-properties, groups, names", () => {
  tallymark.capture("anonymous");
  tallymark.identify("user-1", { plan: "pro" });
  tallymark.group("company", "acme");
  tallymark.register({ theme: "dark" });
  scale(tallymark, 2);
  tallymark.reset();
  tallymark.capture("");
  tallymark.capture("after");
  const [anonymous, identify, , scaled, after] = tallymark.events;
  expect(identify.properties).toMatchObject({ $anon_distinct_id: anonymous.distinct_id, $set: { plan: "pro" } });
  expect(scaled).toMatchObject({ distinct_id: "user-1", properties: { theme: "dark", $groups: { company: "acme" } } });
  expect(after.distinct_id).not.toBe(anonymous.distinct_id);
  expect(tallymark.dropped).toEqual({ invalid_name: 1 });
});

test("options are the SDK's: consent, sampling, views, beforeSend", () => {
  const asked = createTestClient({ consent: "pending" });
  scale(asked, 2);
  expect(asked.events).toEqual([]);
  asked.consent({ analytics: true });
  expect(asked).toHaveCaptured("recipe_scaled");
  const viewed = createTestClient({
    url: "https://shop.example/?utm_source=letter&token=secret",
    capturePageview: true,
    sampling: { recipe_opened: 0 },
    beforeSend: (event) => (event.event == "secret" ? null : event),
  });
  viewed.visit("/recipes/12");
  viewed.capture("recipe_opened");
  viewed.capture("secret");
  expect(viewed.events.map(({ properties }) => properties.$current_url)).toEqual([
    "https://shop.example/?utm_source=letter",
    "https://shop.example/recipes/12",
  ]);
  expect(viewed.dropped).toEqual({ sampled: 1, before_send: 1 });
});

test("the clock is set, and moved", () => {
  tallymark.setTime("2027-01-01T00:00:00Z");
  tallymark.capture("first");
  tallymark.advance(31 * 60_000);
  tallymark.capture("second");
  const [first, second] = tallymark.events;
  expect([first.timestamp, second.timestamp]).toEqual(["2027-01-01T00:00:00.000Z", "2027-01-01T00:31:00.000Z"]);
  expect(second.properties.$session_id).not.toBe(first.properties.$session_id);
});

test("clients know nothing of each other, and of the page around them nothing either", () => {
  const other = createTestClient();
  scale(tallymark, 2);
  expect(other.events).toEqual([]);
  tallymark.clear();
  expect(tallymark.events).toEqual([]);
  if (globalThis.localStorage) expect(Object.keys(localStorage)).toEqual([]);
});

test("a failure says what was captured instead, and what was given up", () => {
  scale(tallymark, 2);
  tallymark.capture("recipe_opened");
  tallymark.capture("");
  const failure = (check) => {
    try {
      check();
    } catch (error) {
      return error.message;
    }
  };
  expect(failure(() => expect(tallymark).toHaveCaptured("recipe_scaled", { scale: 3 }))).toBe(
    `expected recipe_scaled with {"scale":3} to have been captured; captured:
  recipe_scaled {"scale":2,"units":["g","ml"]}
  recipe_opened
given up:
  1 × invalid_name`,
  );
  expect(failure(() => expect(tallymark).not.toHaveCaptured("recipe_opened"))).toMatch(/^expected recipe_opened not to have/);
  expect(failure(() => expect(tallymark).toHaveCapturedTimes("recipe_opened", 2))).toMatch(/2 ×, and it was 1 ×;/);
  expect(failure(() => expect({}).toHaveCaptured("x"))).toMatch(/createTestClient/);
});

test.runIf(globalThis.document)("components take it where they take the SDK", () => {
  const root = document.createElement("div");
  const Recipe = () => {
    const client = useTallymark();
    return createElement("button", { onClick: () => scale(client, 2) });
  };
  flushSync(() => createRoot(root).render(createElement(TallymarkProvider, { client: tallymark }, createElement(Recipe))));
  document.body.append(root);
  root.querySelector("button").click();
  expect(tallymark).toHaveCapturedTimes("recipe_scaled", 1);

  const vue = {
    setup() {
      const client = useInVue();
      return () => h("button", { onClick: () => scale(client, 3) });
    },
  };
  const mounted = document.createElement("div");
  createApp(vue).use(plugin, tallymark).mount(mounted);
  mounted.querySelector("button").click();
  expect(tallymark).toHaveCaptured("recipe_scaled", { scale: 3 });
});
