// Every query of the seeds goes by an index, in both layouts and as a reader whom row-level security holds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { migrated, session } from "./support.mjs";

const ORGANIZATION = "organization_id = 'org_7'";

/** What the seeds ask of the table. */
const QUERIES = {
  "004 §9: conversations per day": `select date_trunc('day', occurred_at) d, count(*) from domain_event
    where ${ORGANIZATION} and event_name = 'conversation_started' group by 1 order by 1 desc limit 30`,
  "004 §9: escalation rate": `with conv as (
      select count(*) c from domain_event where ${ORGANIZATION} and event_name = 'conversation_started' and occurred_at >= now() - interval '30 days'
    ), esc as (
      select count(*) e from domain_event where ${ORGANIZATION} and event_name = 'escalation_triggered' and occurred_at >= now() - interval '30 days'
    ) select e::float / nullif(c, 0) escalation_rate from conv, esc`,
  "004 §5: filtered time series": `select * from domain_event where ${ORGANIZATION} and event_name = 'message_sent'
    and occurred_at between now() - interval '1 day' and now() order by occurred_at desc limit 100`,
  "004 §5: recent activity": `select * from domain_event where ${ORGANIZATION} order by occurred_at desc limit 50`,
  "000: inventory usage": `select sum((properties->>'quantity_delta')::float) from domain_event where ${ORGANIZATION}
    and event_name = 'inventory_adjusted' and entity_type = 'inventory_item' and occurred_at >= now() - interval '30 days'
    and properties->>'change_type' in ('batch', 'use', 'sale', 'tester', 'sample', 'gift')`,
  "000: spoilage cost": `select sum(abs((properties->>'quantity_delta')::float) * (properties->>'cost_override')::float)
    from domain_event where ${ORGANIZATION} and event_name = 'inventory_adjusted' and occurred_at >= now() - interval '30 days'
    and properties->>'change_type' in ('spoil', 'expired', 'damaged', 'trash')`,
  "000: batch time, p50 and p90": `select properties->>'batch_id',
      percentile_cont(array[0.5, 0.9]) within group (order by (properties->>'duration_seconds')::float)
    from domain_event where ${ORGANIZATION} and event_name = 'timer_stopped' and occurred_at >= now() - interval '30 days' group by 1`,
  "000: freshness, an item's movements": `select * from domain_event where ${ORGANIZATION} and entity_type = 'inventory_item'
    and entity_id = '42' order by occurred_at desc`,
  "001: what one action caused": `select * from domain_event where ${ORGANIZATION} and correlation_id = 'c-42'`,
  "004 §13: what a user did": `select * from domain_event where ${ORGANIZATION} and user_id = 'u-42' order by occurred_at desc limit 100`,
  "001: outbox, pending rows": `select organization_id, event_id from domain_event where not is_processed
    and next_attempt_at <= now() order by next_attempt_at, seq limit 100 for update skip locked`,
  "003: order lifecycle of a branch": `select event_name, count(*) from domain_event where ${ORGANIZATION}
    and event_name in ('created', 'request_accepted', 'delivery_status_changed') and occurred_at >= now() - interval '7 days' group by 1`,
  "once: an event by its id": `select * from domain_event where ${ORGANIZATION} and event_id = '0193c1a2-7b1c-7def-8123-456789abcdef'`,
};

const options = { skip: NO_POSTGRES };
let server;
before(async () => {
  if (!NO_POSTGRES) server = await startPostgres({ tcp: true });
});
after(() => server?.stop());

/** 20 tenants, 60,000 events of the last 60 days, delivered but for the newest. */
const FILL = `
  insert into domain_event (event_id, event_name, occurred_at, organization_id, user_id, entity_type, entity_id,
    correlation_id, properties, is_processed)
  select tallymark_uuid_v7(),
    (array['conversation_started', 'escalation_triggered', 'message_sent', 'inventory_adjusted', 'timer_stopped', 'created'])[1 + i % 6],
    now() - i * interval '86 seconds', 'org_' || i % 20, 'u-' || i % 997, 'inventory_item', (i % 499)::text, 'c-' || i / 3,
    json_build_object('change_type', 'sale', 'quantity_delta', i % 7, 'batch_id', i % 31, 'duration_seconds', i % 600), i > 500
  from generate_series(1, 60000) i;
  analyze domain_event;`;

/** Nodes of a plan that go through a table, or a partition, row by row. One that is empty needs no index. */
function scans(node) {
  const read = node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
  const own = node["Node Type"] === "Seq Scan" && node["Relation Name"]?.startsWith("domain_event") && read > 0 ? [node] : [];
  return [...own, ...(node.Plans ?? []).flatMap(scans)];
}

for (const layout of ["plain", "partitioned"]) {
  test(`${layout}: the seeds' queries`, options, async (t) => {
    const url = await migrated(server, `queries_${layout}`);
    const client = await session(t, url);
    await client.query(FILL);
    if (layout === "partitioned") await client.query("select tallymark_partition_domain_event(); analyze domain_event");
    const explain = async (query) => {
      const { rows: [row] } = await client.query(`explain (analyze, format json) ${query}`);
      return row["QUERY PLAN"][0].Plan;
    };
    for (const [name, query] of Object.entries(QUERIES)) {
      await t.test(name, async () => assert.deepEqual(scans(await explain(query)), []));
    }
    await t.test("the same for a reader, by the policy's own condition", async () => {
      await client.query("set role tallymark_tenant; set tallymark.organization_id = 'org_7'");
      for (const [name, query] of Object.entries(QUERIES)) {
        if (query.includes("for update")) continue;
        const plan = await explain(query.replaceAll(ORGANIZATION, "true"));
        assert.deepEqual(scans(plan), [], name);
      }
    });
  });
}

test("a query of some days looks into their months alone", options, async (t) => {
  const client = await session(t, await migrated(server, "pruned", "--partitioned"));
  const { rows } = await client.query(`explain select * from domain_event where ${ORGANIZATION}
    and occurred_at >= date '2020-01-01' and occurred_at < date '2020-02-01'`);
  const text = rows.map((row) => row["QUERY PLAN"]).join("\n");
  assert.match(text, /domain_event_before/);
  assert.doesNotMatch(text, /domain_event_default|domain_event_20/);
});
