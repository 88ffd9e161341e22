// What may be read of the page, and how much of it.

/** Whatever happens in these is not ours to see; the first is PostHog's own mark. */
const LEFT_ALONE = ".ph-no-capture,[data-tm-ignore]";
/** Text of these is the visitor's, or isn't seen. */
const UNQUOTED = `input,textarea,select,[contenteditable],script,style,${LEFT_ALONE}`;
/** Longest text or attribute that an event quotes, in characters. GA4 keeps as much of a parameter. */
const MAX_TEXT = 100;
/** Longest URL or path, in characters. GA4 keeps as much of a page's. */
export const MAX_URL = 1_000;

/** `text` on one line, cut by whole characters: half of a surrogate pair is no text. Nothing, if it is empty. */
export const quote = (text: string, most = MAX_TEXT): string | undefined =>
  Array.from(text.replace(/\s+/g, " ").trim()).slice(0, most).join("") || undefined;

/**
 * The elements that an event went through, innermost first and through open shadow roots; none if one of them is
 * to be left alone.
 */
export function pathOf(event: Event): Element[] {
  const path = event.composedPath().filter((node): node is Element => (node as Node).nodeType == Node.ELEMENT_NODE);
  return path.some((element) => element.matches(LEFT_ALONE)) ? [] : path;
}

/** The text that is seen in an element, without what the visitor entered. */
export function textOf(element: Element): string | undefined {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node.nodeType == Node.TEXT_NODE
      ? NodeFilter.FILTER_ACCEPT
      : (node as Element).matches(UNQUOTED)
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_SKIP,
  );
  let text = "";
  // A character is at most two units.
  while (text.length < 2 * MAX_TEXT && walker.nextNode()) {
    text = (text + walker.currentNode.nodeValue).replace(/\s+/g, " ");
  }
  return quote(text);
}

/** An attribute's value. Not the property of that name, which a form's field named `id` takes the place of. */
export const attribute = (element: Element, name: string): string | undefined =>
  quote(element.getAttribute(name) ?? "");

/** The URL that an attribute's value means, if it is one of the web; without a fragment, which leads nowhere else. */
export function webUrl(href: string): URL | undefined {
  try {
    const url = new URL(href, document.baseURI);
    url.hash = url.username = url.password = "";
    return /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}
