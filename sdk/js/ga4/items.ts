// A cart's items in GA4's shorthand: fields by two letters each, between tildes.
import { ITEM_CODES } from "./names.js";

/** Most items that GA4 takes with an event. */
const MAX_ITEMS = 200;
/** What fields of an item's own are numbered by: 27 at most. */
const NUMBERS = "0123456789ABCDEFGHIJKLMNOPQ";

const escaped = (value: unknown) => String(value).replace(/~/g, "~~");

function written(item: object): string {
  let own = 0;
  return Object.entries(item)
    .flatMap(([name, value]) => {
      if (value == null) return [];
      const code = ITEM_CODES.get(name);
      if (code) return code + escaped(value);
      const number = NUMBERS[own++];
      return number ? [`k${number}${escaped(name)}`, `v${number}${escaped(value)}`] : [];
    })
    .join("~");
}

/** `pr1`, `pr2`… for what an event calls its items. */
export const itemsOf = (items: unknown): [string, string][] =>
  !Array.isArray(items)
    ? []
    : items
        .slice(0, MAX_ITEMS)
        .flatMap((item, nth) => (item && typeof item == "object" ? [[`pr${nth + 1}`, written(item)]] : []));
