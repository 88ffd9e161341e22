/** Markup that is already safe to send: made by {@link html}, or vouched for with {@link trusted}. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a hole of {@link html}. `false`, `null` and `undefined` leave nothing behind. */
export type Hole = Html | string | number | false | null | undefined | readonly Hole[];

const ENTITY: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ENTITY[c] ?? c);
}

function fill(hole: Hole): string {
  if (hole instanceof Html) return hole.text;
  if (Array.isArray(hole)) return hole.map(fill).join("");
  if (hole === false || hole === null || hole === undefined) return "";
  return escape(String(hole));
}

/**
 * Every value is escaped unless it is {@link Html} itself, so forgetting to escape isn't possible.
 * Holes stand in element content or between the quotes of an attribute, nowhere else.
 */
export function html(strings: TemplateStringsArray, ...holes: Hole[]): Html {
  return new Html(strings.reduce((out, text, i) => out + fill(holes[i - 1]) + text));
}

/** Vouches for markup from our own files (icons, the SDK's snippet). Never for data. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/** JSON as the content of a script element: without `<` no data can close the element. */
export function jsonForScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", "\\u003c"));
}
