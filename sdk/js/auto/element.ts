// Elements that say themselves what using them means.
import type { Properties } from "../index.js";
import type { Captured, Lent } from "./index.js";

const PREFIX = "data-tm-";
const EVENT = PREFIX + "event";
/** What is said beside the properties. */
const RESERVED = ["event", "entity-type", "entity-id", "correlation-id", "properties", "ignore"];
/** What takes a click for itself; a label around it then does nothing more. */
const INTERACTIVE = "a[href],button,input,select,textarea,label";

/**
 * The nearest element with `data-tm-event`, if it was used: a form is used by its submission, all else by a click,
 * a link by the middle button too.
 */
export function marked(path: Element[], event: Event, { warn }: Lent): Captured | undefined {
  const at = path.findIndex((element) => element.hasAttribute(EVENT));
  const element = path[at];
  if (!element) return;
  if (event.type == "submit" ? at > 0 : element.matches("form")) return;
  const within = path.slice(0, at + 1);
  if (event.type == "auxclick" && !opensLink(within, event as MouseEvent)) return;
  if (isRelayed(within, element)) return;
  const said = (name: string) => element.getAttribute(PREFIX + name);
  const [type, id] = [said("entity-type"), said("entity-id")];
  return [
    said("event")!,
    propertiesOf(element, warn),
    { entity: type && id ? { type, id } : undefined, correlationId: said("correlation-id") || undefined },
  ];
}

/** Whether the middle button was used, and on a link. */
const opensLink = (path: Element[], { button }: MouseEvent) =>
  button == 1 && path.some((inner) => inner.matches("a[href]"));

/** Whether the click was on a label, and will be followed by one on the label's control that is counted instead. */
function isRelayed(path: Element[], element: Element): boolean {
  const taker = path.find((inner) => inner.matches(INTERACTIVE));
  return element.contains((taker as HTMLLabelElement | undefined)?.control ?? null);
}

/**
 * Attributes are text and stay text: a number that only looks like one (a postcode, a version) would change its
 * type from one element to the next. What is none is said by `data-tm-properties`, as JSON.
 */
function propertiesOf(element: Element, warn: Lent["warn"]): Properties {
  const properties = parse(element.getAttribute(PREFIX + "properties") ?? "{}", warn);
  for (const { name, value } of element.attributes) {
    const own = name.startsWith(PREFIX) && name.slice(PREFIX.length);
    if (own && !RESERVED.includes(own)) properties[own.replace(/-/g, "_")] = value;
  }
  return properties;
}

/** The members of an object's JSON. If it is none, the event is still worth having. */
function parse(json: string, warn: Lent["warn"]): Properties {
  try {
    const value: unknown = JSON.parse(json);
    if (value && typeof value == "object" && !Array.isArray(value)) return value as Properties;
  } catch {
    // Said below.
  }
  warn?.(`${PREFIX}properties is not a JSON object: ${json}`);
  return {};
}
