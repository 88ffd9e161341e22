/** JSON as a strict parser takes it (serde_json's rules), which `JSON.parse` is not: it lets the last of two members win. */
import assert from "node:assert/strict";

/** serde_json's limit. */
const MAX_DEPTH = 128;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const SCALAR = /[^\s,:{}[\]"]+/y;
/** Half of a pair of surrogates, which is no character, written as an escape. */
const LONE_SURROGATE = /^(?:[^\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*$/s;

/**
 * Parses UTF-8 bytes; throws on what is no UTF-8, no JSON, nested too deeply, or has a key twice in one object, or
 * half a character in a text.
 */
export function parseStrictly(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text);
  /** The keys of each open object; null for an array. */
  const open = [];
  for (let at = 0; at < text.length; ) {
    const character = text[at];
    if (character === '"') {
      STRING.lastIndex = at;
      const [token] = STRING.exec(text);
      at += token.length;
      const string = JSON.parse(token);
      assert.match(string, LONE_SURROGATE, "lone leading surrogate in hex escape");
      const keys = open.at(-1);
      if (keys && /^\s*:/.test(text.slice(at, at + 8))) {
        assert.ok(!keys.has(string), `duplicate field \`${string}\``);
        keys.add(string);
      }
      continue;
    }
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(null);
    else if (character === "}" || character === "]") open.pop();
    else if (/[^\s,:]/.test(character)) {
      SCALAR.lastIndex = at;
      at += SCALAR.exec(text)[0].length;
      continue;
    }
    assert.ok(open.length <= MAX_DEPTH, "recursion limit exceeded");
    at += 1;
  }
  return value;
}
