// What a user of the package writes, and what the types must refuse. Compiled, never run.
import { init, type Options, type Tallymark } from "../dist/index.js";

const options: Options = { key: "wk_1", host: "https://collect.example", path: "/batch/", capturePageleave: false };
const tallymark: Tallymark = init(options);

tallymark.capture("recipe_scaled");
tallymark.capture("recipe_scaled", { factor: 2, tags: ["a"], at: new Date() });
tallymark.capture("recipe_scaled", {}, { entity: { type: "recipe", id: "42" }, correlationId: "c", timestamp: Date.now() });
tallymark.page();
tallymark.page({ section: "docs" });
tallymark.identify("user-1", { plan: "pro" });
tallymark.group("company", "acme", { seats: 3 });
tallymark.register({ theme: "dark" });
tallymark.unregister("theme");
tallymark.reset();
const flushed: Promise<void> = tallymark.flush();
void flushed;
const off: () => void = tallymark.on("dropped", ({ reason, count }) => {
  if (reason == "queue_full") console.log(count + 1);
});
off();
tallymark.on("captured", ({ event, uuid, seq }) => console.log(event.length, uuid.length, seq + 1));
tallymark.on("ready", () => {});
init({ key: "wk_1", route: () => (location.pathname == "/" ? "/" : undefined) });
init({ key: "wk_1", wasmUrl: new URL("https://cdn.example/tm.wasm") });
init({ key: "wk_1", wasmUrl: false });
init({ key: "wk_1", autocapture: true });
init({ key: "wk_1", autocapture: { elements: true, siteSearch: ["find"], webVitals: false } });

// @ts-expect-error There is nothing of that name to capture.
init({ key: "wk_1", autocapture: { everything: true } });
init({ dialect: "ga4", measurementId: "G-1", host: "https://metrics.example" });

// @ts-expect-error GA4 has to be told of which stream.
init({ dialect: "ga4" });
// @ts-expect-error A page speaks one dialect, to one.
init({ key: "wk_1", dialect: "ga4", measurementId: "G-1" });
// @ts-expect-error The key is required.
init({ host: "https://collect.example" });
// @ts-expect-error An event has a name.
tallymark.capture();
// @ts-expect-error An entity has a type and an id.
tallymark.capture("x", {}, { entity: { type: "recipe" } });
// @ts-expect-error There is no such event.
tallymark.on("lost", () => {});
// @ts-expect-error There is no such reason.
tallymark.on("dropped", ({ reason }) => reason == "bored");
