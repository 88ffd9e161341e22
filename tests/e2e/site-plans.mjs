/** Tracking plans of the site under test, which serves them as `/plans/<name>.json`. */
export const PLANS = {
  shop: {
    tallymark_plan: 1,
    plan: { name: "shop", version: 7, owner: "Web team" },
    policy: { unknown_events: "reject", unknown_properties: "reject" },
    events: {
      recipe_scaled: {
        description: "A recipe was scaled.",
        origin: "browser",
        entity: "recipe",
        properties: {
          scale: { type: "number", required: true, min: 0.25, max: 20 },
          method: { type: "string", enum: ["preset", "slider"], deprecated: { since: "2026-11-21", use: "way" } },
          email: { type: "string", max_length: 5, pii: { class: "email", action: "drop" } },
          // Registered once, for all events.
          shop: { type: "string", required: true },
        },
      },
      order_paid: { description: "An order was paid.", origin: "server", properties: { shop: { type: "string" } } },
    },
  },
  /** Not as the collector would take it: two things are wrong. */
  wrong: {
    tallymark_plan: 1,
    plan: { name: "wrong", version: 1, owner: "Web team" },
    events: { a: { description: "A.", origin: "page" }, b: { description: "B.", origin: "any", properties: { x: { type: "text" } } } },
  },
};
