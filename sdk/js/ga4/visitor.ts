// Who GA4 takes the visitor for, in its own two cookies, so that its tag and this SDK may follow each other on a site:
// `_ga` has the client id, `_ga_<stream>` the session. They are written with what leaves, hence never without consent.

/** Two years, as its tag has it, in seconds. */
const MAX_AGE_S = 63_072_000;
/** From so much engagement on a page, in ms, a session is an engaged one: GA4's own figure. */
const ENGAGED_MS = 10_000;

/** What GA4 is told of the session that a hit belongs to. */
export interface Standing {
  /** The session's number, from 1. */
  count: number;
  engaged: boolean;
  /** Whether the session begins with this hit. */
  starts: boolean;
  /** Whether it is the visitor's first in this stream. */
  first: boolean;
}

/** Where cookies are refused, as in a sandboxed frame. */
const memory: Record<string, string> = {};
/** The domain that cookies can be written for; none for the host alone. */
let domain: string | undefined;

const stored = (name: string) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(name + "="))
    ?.slice(name.length + 1);

function read(name: string): string {
  try {
    return stored(name) ?? memory[name] ?? "";
  } catch {
    return memory[name] ?? "";
  }
}

/** From the broadest domain that a cookie could have to none: all hosts of a site have one visitor. */
function domains(): string[] {
  const { hostname } = location;
  const labels = hostname.split(".");
  const named = /^[\d.]+$|:/.test(hostname) ? [] : labels.slice(1).map((_, nth) => labels.slice(-2 - nth).join("."));
  return [...named, ""];
}

function write(name: string, value: string): void {
  memory[name] = value;
  try {
    for (domain of domain == null ? domains() : [domain]) {
      const broad = domain && `; domain=${domain}`;
      document.cookie = `${name}=${value}; path=/; max-age=${MAX_AGE_S}; samesite=lax${broad}`;
      if (stored(name) == value) return;
    }
    domain = undefined;
  } catch {
    // Then memory has to do.
  }
}

/** One visitor in the data stream `G-<stream>`. To be read anew for every request: other tabs write, too. */
export class Visitor {
  readonly id: string;
  #isNew: boolean;
  readonly #stream: string;
  /** `s`ession's id, its number `o`, engaged `g`, and what else its tag keeps there. None before the first. */
  readonly #session: Map<string, string>;

  constructor(stream: string) {
    this.#stream = `_ga_${stream}`;
    const [, kept] = /^GA1\..+?\.(\d+\.\d+)$/.exec(read("_ga")) ?? [];
    this.#isNew = !kept;
    const random = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
    this.id = kept ?? `${random}.${Math.floor(Date.now() / 1000)}`;
    const session = read(this.#stream);
    const [, old] = /^GS1\.\d+\.(.+)$/.exec(session) ?? [];
    const [, present] = /^GS2\.\d+\.(.+)$/.exec(session) ?? [];
    const entries = old
      ? old.split(".").map((value, nth): [string, string] => ["sogtjlh"[nth]!, value])
      : (present ?? "").split(/\$|%24/).map((entry): [string, string] => [entry[0]!, entry.slice(1)]);
    this.#session = new Map(present || old ? entries : []);
  }

  /** Where a hit stands: in the session that began at `began` (epoch, s), after `engagedMs` of engagement with its page. */
  stand(began: number, engagedMs: number, isView: boolean): Standing {
    const session = this.#session;
    const current = +(session.get("s") ?? 0);
    const count = +(session.get("o") ?? 0);
    // Captured in a session before, and late.
    if (began < current) return { count: Math.max(1, count - 1), engaged: isView, starts: false, first: false };
    const starts = began > current;
    if (starts) {
      // What else GA4's tag keeps there begins anew with a session.
      for (const [letter, value] of [["s", began], ["o", count + 1], ["g", 0], ["t", 0], ["j", 60], ["l", 0], ["h", 0]]) {
        session.set(letter as string, `${value}`);
      }
    } else if (isView || engagedMs > ENGAGED_MS) session.set("g", "1");
    return { count: +session.get("o")!, engaged: session.get("g") == "1", starts, first: !current };
  }

  /** Whether the id was made just now, which one hit tells. */
  takeNew(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  /** Keeps it for the next request, here or elsewhere. */
  save(): void {
    this.#session.set("t", `${Math.floor(Date.now() / 1000)}`);
    write("_ga", `GA1.1.${this.id}`);
    write(this.#stream, "GS2.1." + [...this.#session].map((entry) => entry.join("")).join("$"));
  }
}
