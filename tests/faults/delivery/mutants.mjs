/**
 * Faults put into the code on purpose, each of which breaks one promise of delivery. The suite must fail with each, for the
 * reason that is given, or it would not notice the fault either.
 *
 * @typedef {object} Mutant
 * @property {string} name
 * @property {"collector" | "dispatch" | "sink"} of what has it
 * @property {readonly (readonly [file: string, from: string, to: string])[]} patches each `from` is there exactly once
 * @property {Record<string, string>} [env] of the suite
 * @property {RegExp} says what the suite must complain of
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../harness/world.mjs";

const TYPESCRIPT = "collector/worker/log";
const RUST = "crates/delivery/src";
const DISPATCH = "cli/src/dispatch";

/** @type {readonly Mutant[]} */
export const MUTANTS = [
  {
    of: "collector",
    name: "acknowledges before it commits",
    patches: [
      [
        `${TYPESCRIPT}/group-commit.ts`,
        "sinceMs: Date.now(), resolve, reject });",
        "sinceMs: Date.now(), resolve: () => {}, reject: () => {} }); resolve({ stored: 1, duplicates: 0, quarantined: 0 } as Result);",
      ],
      // As long as a busy disk takes: else the kill would have to hit within some microseconds.
      [`${TYPESCRIPT}/group-commit.ts`, "scheduler.wait(0)", "scheduler.wait(100)"],
    ],
    says: /acknowledged, and not in the log/,
  },
  {
    of: "collector",
    name: "moves the cursor before the answer",
    patches: [
      [
        `${TYPESCRIPT}/deliver.ts`,
        "return composed === null ? undefined",
        "if (composed !== null) writeStates(sql, [{ ...state, cursor: composed.through }]);\n      return composed === null ? undefined",
      ],
    ],
    says: /each event is counted once/,
  },
  {
    of: "collector",
    name: "has no unique key",
    patches: [
      [`${TYPESCRIPT}/0001_log.sql`, "create unique index domain_event_id", "create index domain_event_id"],
      // As long as an answer takes over a bad line: else the kill would have to hit within some microseconds.
      [
        `${TYPESCRIPT}/group-commit.ts`,
        "group.forEach(({ resolve }, i) => resolve(results[i]!));",
        "void scheduler.wait(100).then(() => group.forEach(({ resolve }, i) => resolve(results[i]!)));",
      ],
    ],
    says: /twice in the log/,
  },
  {
    of: "collector",
    name: "has no unique key in PostgreSQL",
    patches: [],
    env: { AFTER_MIGRATION: "alter table domain_event drop constraint domain_event_key" },
    says: /twice in postgres/,
  },
  {
    of: "collector",
    name: "ignores the lease",
    patches: [
      [`${RUST}/state.rs`, "if self.lease_id.is_some() && now.ms() < self.lease_until_ms {", "if false {"],
      [`${RUST}/state.rs`, "let free = if self.lease_id.is_some() { self.lease_until_ms } else { 0 };", "let free = 0;"],
      [`${RUST}/settle.rs`, "self.is_leased_by(id).then(|| {", "Some(id).map(|_| {"],
      [`${TYPESCRIPT}/deliver.ts`, "due_ms <= now && !this.#underWay.has(state.name)) this", "due_ms <= now) this"],
    ],
    says: /each event is counted once/,
  },
  {
    of: "collector",
    name: "gives every attempt an id of its own",
    patches: [
      [
        `${RUST}/webhook.rs`,
        "(row.event_id.clone().into_owned(), message(row))",
        '(format!("{}-{}", row.event_id, now.ms()), message(row))',
      ],
    ],
    says: /twice in webhook/,
  },
  {
    of: "collector",
    name: "takes a failure for an answer",
    patches: [[`${TYPESCRIPT}/send.ts`, "return { status: response.status,", "return { status: 200,"]],
    says: /delivered, and not in/,
  },
  {
    of: "collector",
    name: "forgets what it parks",
    // What is parked has been refused.
    env: { FAULTS: "refuse" },
    patches: [[`${TYPESCRIPT}/destinations.ts`, "sql.exec(PARK, name, JSON.stringify(parked), nowText);", ""]],
    says: /each event is counted once/,
  },
  {
    of: "collector",
    name: "takes an answer that broke off for whole",
    env: { STORES: "http,posthog", FAULTS: "torn" },
    patches: [[`${TYPESCRIPT}/send.ts`, "return { body: text, is_cut: true };", "return { body: text, is_cut: false };"]],
    says: /delivered, and not in (http|posthog)/,
  },
  {
    of: "dispatch",
    name: "settles what has failed",
    patches: [
      [
        `${DISPATCH}/delivery.rs`,
        "if verdict == Verdict::Done {\n            one.delivered_to",
        "if verdict != Verdict::Refused {\n            one.delivered_to",
      ],
    ],
    says: /delivered, and not in/,
  },
  {
    of: "dispatch",
    name: "forgets what it parks",
    env: { FAULTS: "refuse" },
    patches: [[`${DISPATCH}/delivery.rs`, `one.parked.push((name.clone(), outcome.describe().replace('\\0', "\\u{fffd}")));`, ""]],
    says: /delivered, and not in/,
  },
  {
    of: "sink",
    name: "commits before it stores",
    patches: [
      ["sink/src/sink.rs", "self.storing_since = now;\n", "self.storing_since = now;\n        self.source.commit(&batch.offsets())?;\n"],
    ],
    says: /read, and in no row/,
  },
];

/** Files that are ever patched. */
const FILES = [...new Set(MUTANTS.flatMap(({ patches }) => patches.map(([file]) => file)))];

/** The texts of all of them, with this mutant's changes. @param {Mutant} mutant @returns {Map<string, string>} */
export function mutated({ name, patches }) {
  const texts = new Map(FILES.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
  for (const [file, from, to] of patches) {
    const parts = texts.get(file).split(from);
    if (parts.length !== 2) throw new Error(`${name}: ${file} has this ${parts.length - 1} times, not once: ${from}`);
    texts.set(file, parts.join(to));
  }
  return texts;
}
