/**
 * What the Worker writes to its logs: one line of JSON for each failure or refusal, never a payload, a key or an address.
 * Whoever can be made to write can be made to cost, so lines are bounded.
 */

export type Level = "warn" | "error";

/** Most lines of a level that an isolate writes in a window. What is left out is counted, and told with the next line. */
const MAX_LINES = 20;
const WINDOW_MS = 10_000;

/** Most characters of an error's message and stack. */
const MAX_ERROR_CHARS = 1_000;

type Budget = { windowStartMs: number; lines: number; suppressed: number };

const budgets: Record<Level, Budget> = {
  warn: { windowStartMs: 0, lines: 0, suppressed: 0 },
  error: { windowStartMs: 0, lines: 0, suppressed: 0 },
};

/** Writes a line: `event` names what happened and stays the same, `fields` what is different each time. */
export function note(level: Level, event: string, fields: Record<string, string | number | undefined>): void {
  const suppressed = spend(budgets[level], Date.now());
  if (suppressed === undefined) return;
  const more = suppressed > 0 ? { suppressed } : {};
  console[level](JSON.stringify({ level, event, ...fields, ...more }));
}

/** How many lines went unwritten before this one; undefined if this one does, too. */
function spend(budget: Budget, nowMs: number): number | undefined {
  if (nowMs - budget.windowStartMs >= WINDOW_MS) {
    budget.windowStartMs = nowMs;
    budget.lines = 0;
  }
  if (budget.lines >= MAX_LINES) {
    budget.suppressed++;
    return undefined;
  }
  budget.lines++;
  const { suppressed } = budget;
  budget.suppressed = 0;
  return suppressed;
}

/** An error as text: its stack begins with its name and message. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  return text.slice(0, MAX_ERROR_CHARS);
}
