import { h } from "./dom";

/** A string (a key, if a colon follows), a number, or a literal. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** JSON with its parts told apart by colour. */
export function jsonView(value: unknown): HTMLElement {
  const text = JSON.stringify(value, null, 2);
  const pre = h("pre", { class: "json", tabindex: 0 });
  let done = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon, number] = match;
    pre.append(text.slice(done, match.index));
    const kind = string === undefined ? (number === undefined ? "literal" : "number") : colon === undefined ? "string" : "key";
    pre.append(h("span", { class: `json-${kind}` }, string ?? whole), colon ?? "");
    done = match.index + whole.length;
  }
  pre.append(text.slice(done));
  return pre;
}
