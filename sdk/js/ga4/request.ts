// Hits put together into requests, by the rules of GA4's tag.
import type { Hit } from "./hit.js";

/** Most events in a request, and most characters that they take there. */
const MAX_EVENTS = 20;
const MAX_CHARACTERS = 16_384;
/** A longer address is not made: what is the event's goes into the body. */
const MAX_URL = 2_048;

/** A hit under way, by the id of its event. */
export interface Outgoing {
  uuid: string;
  hit: Hit;
}

const write = (fields: Iterable<[string, string]>) =>
  [...fields].map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");

/** Cuts a run of hits into those of one request each. */
export function grouped(run: Outgoing[]): Outgoing[][] {
  const groups: Outgoing[][] = [];
  let group: Outgoing[] = [];
  let head = "";
  let characters = 0;
  for (const one of run) {
    const { request, shared, own, alone } = one.hit;
    const [ofRequest, ofEvent] = [write(request), write([...shared, ...own]).length];
    const fits = group.length < MAX_EVENTS && characters + ofEvent < MAX_CHARACTERS && ofRequest == head;
    if (!group.length || !fits || alone || group[0]!.hit.alone) {
      groups.push((group = []));
      head = ofRequest;
      characters = 0;
    }
    group.push(one);
    characters += ofEvent;
  }
  return groups;
}

/** Address and body of the request for a group: the `nth` of its page. */
export function written(endpoint: string, group: Outgoing[], nth: number, now: number): [url: string, body: string] {
  const { request } = group[0]!.hit;
  const url = new Map([...request, ["_s", `${nth}`]]);
  const keys = new Set(group.flatMap(({ hit }) => [...hit.shared.keys()]));
  for (const key of keys) {
    const values = group.map(({ hit }) => hit.shared.get(key));
    // What all events have is said once, in the words of most; who differs says so.
    if (values.includes(undefined)) continue;
    const count = (value?: string) => values.filter((other) => other == value).length;
    url.set(key, values.reduce((most, value) => (count(value) > count(most) ? value : most))!);
  }
  const lines = group.map(({ hit: { shared, own } }) =>
    write([...[...shared].filter(([key, value]) => url.get(key) != value), ...own]),
  );
  const time = `&tfd=${Math.max(0, now - +request.get("_p")!)}`;
  const head = `${endpoint}?${write(url)}`;
  const whole = `${head}&${lines[0]}${time}`;
  return group.length == 1 && whole.length <= MAX_URL ? [whole, ""] : [head + time, lines.join("\r\n")];
}
