// What the developer reads, on the console.
import type { Verdict } from "./check.js";

const NAME = "tallymark/dev:";
/** Most findings told of a page: whoever has more begins with these. */
const MAX_TOLD = 500;

/** Says what there is to be done before there can be a check. */
export function complain(what: string): void {
  console.warn(`${NAME} ${what}`);
}

/** Tells what events break of a plan: of an event, each path and rule once. */
export function reporter(plan: string): (verdicts: Verdict[]) => void {
  const told = new Set<string>();
  const isNew = (...finding: string[]) => {
    const key = JSON.stringify(finding);
    if (told.has(key) || told.size >= MAX_TOLD) return false;
    told.add(key);
    if (told.size == MAX_TOLD) complain(`${MAX_TOLD} findings, no more are told until the page is loaded again`);
    return true;
  };
  return (verdicts) => {
    for (const [event, broken, more, deprecated] of verdicts) {
      const lines: string[] = [];
      for (const [path, rule, expected, got, remedy] of broken) {
        if (!isNew(event, path, rule)) continue;
        lines.push(`${path || "the event"}: ${rule}\n  expected  ${expected}\n  got       ${got}\n  remedy    ${remedy}`);
      }
      if (lines.length && more) lines.push(`and ${more} more`);
      if (lines.length) group(`${NAME} ${event || "an event"} breaks the plan ${plan}`, lines);
      const stale = deprecated
        .filter(([path]) => isNew(event, path))
        .map(([path, since, use]) => `${path}: deprecated since ${since}${use == null ? "" : `\n  remedy    use ${use}`}`);
      if (stale.length) group(`${NAME} ${event} uses what is deprecated in the plan ${plan}`, stale);
    }
  };
}

function group(title: string, lines: string[]): void {
  console.group(title);
  lines.forEach((line) => console.warn(line));
  console.groupEnd();
}
