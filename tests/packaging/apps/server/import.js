// Every entry that scripts import, where there is no page. Nothing may be left running, said, or left behind.
await Promise.all(["react", "next/navigation.js", "vue"].map((theirs) => import(theirs)));
const known = new Set(Reflect.ownKeys(globalThis));
const { init } = await import("tallymark");
await Promise.all(["react", "next", "vue"].map((ours) => import(`tallymark/${ours}`)));

const tallymark = init({ key: "wk_1", host: "http://127.0.0.1:9" });
tallymark.capture("recipe_scaled", { scale: 2 });
await tallymark.flush();
const left = Reflect.ownKeys(globalThis).filter((name) => !known.has(name));
if (left.length) throw new Error(`left behind: ${left.map(String)}`);
