// Views of the site's own search results, known by their query.
import type { Captured } from "./index.js";
import { quote } from "./dom.js";

/** The parameters that GA4 looks at, unless told otherwise. */
const PARAMETERS = ["q", "s", "search", "query", "keyword"];

/** `view_search_results`, if the view's query has a term: the first of the parameters that has one, as GA4 does. */
export function search(parameters: true | readonly string[]): Captured | undefined {
  const query = new URLSearchParams(location.search);
  const names = parameters === true ? PARAMETERS : parameters;
  const term = names.map((name) => quote(query.get(name) ?? "")).find(Boolean);
  return term ? ["view_search_results", { search_term: term }] : undefined;
}
