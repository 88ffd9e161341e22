/**
 * `GET /metrics` in Prometheus's text format, version 0.0.4. All of it comes from the tenants' logs, of each of which there
 * is one: an isolate of the Worker is one of many, and whichever is asked would tell of itself alone.
 */
import type { DestinationsAnswer } from "./api.ts";
import type { Answer } from "./brain.ts";
import { note, textOf } from "./journal.ts";
import type { LogFigures } from "./log/figures.ts";

/** Longest that one log is waited for, in ms: Prometheus itself gives up after 10 s. */
const LOG_TIMEOUT_MS = 5_000;

type Labels = Readonly<Record<string, string>>;
/** `[what follows the family's name, labels, value]` */
type Sample = readonly [string, Labels, number];

interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  samples(figures: LogFigures): readonly Sample[];
}

const one = (value: number): Sample[] => [["", {}, value]];

const FAMILIES: readonly Family[] = [
  {
    name: "tallymark_events",
    type: "gauge",
    help: "Events in the ledger by what became of them. A replay, an erasure or a late arrival moves some, so these may fall.",
    samples: ({ books }) => books.map(({ outcome, reason, events }) => ["", { outcome, reason }, events]),
  },
  {
    name: "tallymark_missing_events",
    type: "gauge",
    help: "Events that streams, silent for a day, say they captured, and that never came.",
    samples: ({ missing }) => one(missing),
  },
  {
    name: "tallymark_over_accounted_events",
    type: "gauge",
    help: "Events that streams account for beyond what they say they captured.",
    samples: ({ overAccounted }) => one(overAccounted),
  },
  {
    name: "tallymark_log_last_seq",
    type: "gauge",
    help: "The seq of the newest event.",
    samples: ({ lastSeq }) => one(lastSeq),
  },
  {
    name: "tallymark_log_bytes",
    type: "gauge",
    help: "What the log takes on disk. The platform's limit is 10 GB.",
    samples: ({ bytes }) => one(bytes),
  },
  {
    name: "tallymark_append_duration_seconds",
    type: "histogram",
    help: "From the log's receipt of a request's events until they are on disk.",
    samples: ({ appends: { buckets, count, sumMs } }) => [
      ...buckets.map(({ ms, n }): Sample => ["_bucket", { le: String(ms / 1_000) }, n]),
      ["_bucket", { le: "+Inf" }, count],
      ["_sum", {}, sumMs / 1_000],
      ["_count", {}, count],
    ],
  },
  {
    name: "tallymark_append_failures_total",
    type: "counter",
    help: "Requests whose events the log could not commit: they were answered 503.",
    samples: ({ appends }) => one(appends.failed),
  },
  ...destinationFamilies(),
];

function destinationFamilies(): Family[] {
  type Destination = DestinationsAnswer["destinations"][number];
  const family = (name: string, help: string, value: (destination: Destination) => number): Family => ({
    name: `tallymark_destination_${name}`,
    type: "gauge",
    help,
    samples: ({ destinations }) =>
      (JSON.parse(destinations) as DestinationsAnswer).destinations.map((it) => [
        "", { destination: it.name, kind: it.kind }, value(it),
      ]),
  });
  return [
    family("lag_events", "Events that the destination has not come to.", (it) => it.lag_events),
    family("lag_seconds", "For how long the first of them has been stored.", (it) => it.lag_seconds),
    family("parked", "Deliveries that were given up until somebody retries or drops them.", (it) => it.parked),
    family("delivered", "Events that the destination has taken.", (it) => it.delivered),
    family("failing", "Whether its last attempt failed.", (it) => Number(it.status === "failing")),
    family("paused", "Whether it waits for somebody to resume it.", (it) => Number(it.status === "paused")),
  ];
}

interface Log {
  figures(): Promise<LogFigures>;
}

/** The answer, whichever logs answer: `tallymark_log_up` is 0 for one that doesn't. */
export async function metrics(organizationIds: readonly string[], log: (organizationId: string) => Log): Promise<Answer> {
  const found = await Promise.all(
    organizationIds.map(async (id) => ({ id, figures: await inTime(id, () => log(id).figures()) })),
  );
  let body = headOf("tallymark_log_up", "gauge", "Whether the organization's log answers.");
  for (const { id, figures } of found) body += line("tallymark_log_up", { organization_id: id }, figures === undefined ? 0 : 1);
  for (const family of FAMILIES) {
    body += headOf(family.name, family.type, family.help);
    for (const { id, figures } of found) {
      if (figures === undefined) continue;
      for (const [suffix, labels, value] of family.samples(figures)) {
        body += line(family.name + suffix, { organization_id: id, ...labels }, value);
      }
    }
  }
  return { status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body, maxAgeS: 0 };
}

async function inTime(organizationId: string, ask: () => Promise<LogFigures>): Promise<LogFigures | undefined> {
  const timer = new AbortController();
  const late = scheduler.wait(LOG_TIMEOUT_MS, { signal: timer.signal }).then(() => {
    throw new Error(`no figures in ${LOG_TIMEOUT_MS} ms`);
  });
  // It is aborted below, and nobody waits for it any more.
  late.catch(() => undefined);
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    note("error", "metrics.failed", { organization_id: organizationId, error: textOf(error) });
    return undefined;
  } finally {
    timer.abort();
  }
}

function headOf(name: string, type: Family["type"], help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}{${pairs.join(",")}} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
