type Child = Node | string | number | null | false;
type Listener = (event: Event) => void;
type Attributes = Record<string, string | number | boolean | Listener>;

/**
 * Makes an element. Text stays text: no markup is ever parsed from data.
 * A function is a listener, `false` leaves the attribute out, `true` leaves it empty.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((c): c is Node | string | number => c !== null && c !== false).map((c) => (c instanceof Node ? c : String(c))));
  return element;
}

/** The element of that id, which the layout has put there. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the layout has no #${id}`);
  return element as E;
}
