// tallymark/dev: holds what the page sends against the tracking plan, by the collector's own code. For development: it
// changes nothing that is sent, and has no place in what visitors load.
import wasm from "tallymark:dev.wasm";
import { Check } from "./check.js";
import { complain, reporter } from "./report.js";
import { watch } from "./requests.js";

/** A plan: what `tallymark plan build` writes, imported; or its address. */
export type PlanJson = object | string | URL;

/** Most requests held until the plan is there. */
const MAX_HELD = 100;

const BUILD = "write it with `tallymark plan build`";

/** Ends the last check. */
let endLast: (() => void) | undefined;

/**
 * Says on the console, once for each event, path and rule, what the page's events break of the plan. Events are seen as
 * they are sent: within three seconds of their capture; with consent pending, when that is given. Call it before `init`.
 * A second call takes the place of the first.
 *
 * @param plan see {@link PlanJson}; if it is missing or wrong, the console says so, and nothing is checked
 * @returns what ends it
 */
export function check(plan: PlanJson): () => void {
  if (typeof window == "undefined") return () => {};
  endLast?.();
  let held: string[] = [];
  let look = (body: string) => {
    if (held.length < MAX_HELD) held.push(body);
  };
  const end = watch((body) => look(body));
  endLast = end;
  open(plan)
    .then((check) => {
      const report = reporter(check.plan);
      look = (body) => report(check.request(body));
      held.forEach(look);
      held = [];
    })
    .catch((error) => {
      end();
      complain(`nothing is checked. ${(error as Error).message}`);
    });
  return end;
}

async function open(plan: PlanJson): Promise<Check> {
  const text = await textOf(plan);
  return Check.by(wasm, text).catch((error) => {
    if (error instanceof WebAssembly.CompileError) {
      throw new Error(`The page's policy refuses WebAssembly: allow 'wasm-unsafe-eval' in script-src in development (${error.message})`);
    }
    throw new Error(`The plan ${name(plan)} is none that the collector would take; correct it, and ${BUILD}:\n${error.message}`);
  });
}

const name = (plan: PlanJson) => (typeof plan == "string" || plan instanceof URL ? String(plan) : "that check() was given");

async function textOf(plan: PlanJson): Promise<string> {
  if (typeof plan != "string" && !(plan instanceof URL)) return JSON.stringify(plan) ?? "";
  const remedy = `give the address of a plan.json, or ${BUILD}`;
  const response = await fetch(plan).catch((error) => {
    throw new Error(`${plan} can't be loaded (${error.message}); ${remedy}`);
  });
  if (!response.ok) throw new Error(`${plan} can't be loaded (HTTP ${response.status}); ${remedy}`);
  return response.text();
}
