/** What the sink's tests share: a server of each kind, events on a topic, `tallymark sink` as a process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { BINARY, tallymark } from "../harness/cli.mjs";
import { startKafka } from "../harness/kafka.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";
import { migrated, row } from "../postgres/support.mjs";

export const options = { skip: NO_POSTGRES, timeout: 180_000 };

/** Settings that have a mock cluster notice within seconds what a real one notices within a minute. */
const QUICK = ["session.timeout.ms=3000", "heartbeat.interval.ms=500"].flatMap((setting) => ["--kafka", setting]);

/** Both servers, for a file's tests. @param {Record<string, string | number>} [settings] of PostgreSQL's */
export function servers(settings = {}) {
  const all = {};
  before(async () => {
    if (NO_POSTGRES) return;
    [all.postgres, all.kafka] = await Promise.all([startPostgres({ tcp: true, durable: true, settings }), startKafka()]);
  });
  after(() => Promise.all([all.postgres?.stop(), all.kafka?.stop()]));
  return all;
}

/** Events in their envelopes, spread over partitions by their tenants. */
export function events(count, partitions = 1, fields = () => ({})) {
  return Array.from({ length: count }, (_, i) => {
    const organization_id = `org_${i % partitions}`;
    const value = row({ seq: i + 1, organization_id, properties: `{ "n":${i}, "scale": 1.50 , "n":${i} }`, ...fields(i) });
    return { partition: i % partitions, key: organization_id, value };
  });
}

/**
 * A topic and a migrated database of one's own, and what runs the sink between them.
 * @param {{ postgres: object, kafka: object }} servers
 */
export async function loading(t, { postgres, kafka }, name, { partitions = 1, flags = [] } = {}) {
  const topic = `events-${name}`;
  const [url] = await Promise.all([migrated(postgres, `sink_${name}`, ...flags), kafka.create(topic, partitions)]);
  const env = { KAFKA_BROKERS: kafka.brokers, EVENT_BUS_KAFKA_TOPIC: topic, WAREHOUSE_DATABASE_URL: url, EVENT_SINK_GROUP: name };
  const sinks = [];
  t.after(() => sinks.forEach((sink) => sink.kill("SIGKILL")));
  const rows = (statement) => postgres.query(statement, `sink_${name}`);
  return {
    topic,
    env,
    rows,
    produce: (messages) => kafka.produce(topic, messages),
    committed: () => kafka.committed(topic, partitions, name),
    count: async () => Number((await rows("select count(*) from domain_event"))[0][0]),
    /** `--once`: its last line. */
    async once(...more) {
      const { code, stdout, stderr } = await tallymark(["sink", "--once", "--json", ...QUICK, ...more], env);
      const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
      return { code, stderr, lines, ...lines.at(-1) };
    },
    /** One that goes on: a process, with the lines that it has printed and what it came to. */
    start(...more) {
      const { PATH } = process.env;
      const sink = spawn(BINARY, ["sink", "--json", ...QUICK, ...more], { env: { PATH, ...env }, stdio: ["ignore", "pipe", "inherit"] });
      sinks.push(sink);
      const lines = [];
      createInterface({ input: sink.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
      const ended = once(sink, "close");
      return {
        lines,
        pid: sink.pid,
        stored: () => lines.filter(({ command }) => command === undefined).reduce((sum, { stored = 0 }) => sum + stored, 0),
        troubles: () => lines.flatMap(({ trouble }) => trouble ?? []),
        async end(signal) {
          sink.kill(signal);
          const [code] = await ended;
          return { code, ...lines.at(-1) };
        },
      };
    },
  };
}

/** Waits until the table has so many rows. */
export const stored = ({ count }, n) => until(`${n} rows`, async () => (await count()) >= n);
