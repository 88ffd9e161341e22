// The patterns of Next.js's routes, which it tells nobody: from what its hooks say of each page that it renders.

/** Parameters of a route, as `useParams` gives them. */
export type Params = Record<string, string | string[] | undefined>;

/** Most paths remembered; whoever sees more of them in one document starts over. */
const MAX_PATHS = 200;

const patterns = new Map<string, string | undefined>();
/** `basePath` of next.config: the URL has it, the hooks don't. */
let base: string | undefined;

const withoutSlash = (path: string) => path.replace(/\/$/, "");

/**
 * The pattern that the path follows: each parameter's value is replaced by its name. Nothing unless the path has
 * each value exactly once, which it may not after a rewrite, or as /recipes/recipes: what is not sure is not said.
 */
export function pattern(path: string, params: Params): string | undefined {
  const segments = path.split("/");
  for (const [name, value = []] of Object.entries(params)) {
    const values = [value].flat();
    if (!values.length) continue;
    const starts = segments.flatMap((_, at) => (values.every((part, i) => part == segments[at + i]) ? [at] : []));
    if (starts.length != 1) return undefined;
    segments.splice(starts[0]!, values.length, Array.isArray(value) ? `[...${name}]` : `[${name}]`);
  }
  return segments.join("/") || "/";
}

/** Remembers a page that is rendered: its history entry is made before the page's effects could say so. */
export function learn(path: string | null, params: Params | null): void {
  if (path == null) return;
  const bare = withoutSlash(path);
  // The first page rendered is the one that was loaded.
  base ??= withoutSlash(location.pathname).slice(0, -bare.length || undefined);
  if (patterns.size == MAX_PATHS) patterns.clear();
  patterns.set(base + bare, pattern(bare, params ?? {}));
}

/** The pattern of the current URL's route, if it is known. */
export function route(): string | undefined {
  // The Pages Router has it in the history entry, as it documents for `beforePopState`.
  const { url } = (history.state ?? {}) as { url?: unknown };
  if (typeof url == "string") return url.slice(base?.length).split(/[?#]/)[0] || "/";
  return patterns.get(withoutSlash(location.pathname));
}
