/**
 * Everything that was sent is in PostgreSQL, once, and to the byte (but for white space between JSON's tokens): through the collector over many connections at once,
 * through a tenant's log, and by its one statement a batch.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { uuidv7 } from "../../harness/client.mjs";
import { load } from "../load.mjs";
import { HEADERS, configure, postgres, startStore, tenantWith, untilDelivered } from "./world.mjs";

const CONNECTIONS = 32;
const EVENTS_A_REQUEST = 50;

/** Rows after an id, in the order of ids. */
const PAGE = `select event_id, organization_id, event_name, anonymous_id, properties::text as properties,
    to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
  from domain_event where event_id > $1 order by event_id limit 10000`;

/** Properties that a parser and a writer between here and there would not leave as they are. */
const AWKWARD = [
  () => `{"scale":1.0,"n":${Math.random()},"big":12345678901234567890.10}`,
  () => `{"b":[1e2,-0.0,{}],"a":null,"":""}`,
  // As Python writes it: white space between tokens is all that the log does not keep.
  () => `{"b": [1e2, -0.0, " , "], "a": {"c": null}}`,
  () => `{"z":"\\u00e9é\\/","emoji":"🧼","a":{"b":{"c":[true,false]}}}`,
  () => `{"same":1,"same":2,"quote":"\\"\\\\u0000","tab":"\\t"}`,
  () => `{"label":"Lavender & oat soap","id":"${randomBytes(12).toString("hex")}","grams":1250.50}`,
];

/** JSON without the white space between its tokens. */
const packed = (json) => json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");

/** Sends so many events, waits until they are stored, and compares; throws if a byte of any is another. */
export async function prove(count) {
  const store = await startStore();
  try {
    const tenant = await tenantWith(store);
    const sent = new Map();
    const event = (n) => {
      const row = { uuid: uuidv7(), name: `event_${n % 7}`, at: new Date(Date.now() - n).toISOString(), visitor: `visitor-${n % 997}` };
      const properties = AWKWARD[n % AWKWARD.length]();
      sent.set(row.uuid, [row.name, row.at, row.visitor, packed(properties)]);
      return `{"event":"${row.name}","uuid":"${row.uuid}","distinct_id":"${row.visitor}","timestamp":"${row.at}","properties":${properties}}`;
    };
    const requests = Math.ceil(count / EVENTS_A_REQUEST);
    const makeBody = (i) => {
      const size = Math.min(EVENTS_A_REQUEST, count - i * EVENTS_A_REQUEST);
      const events = Array.from({ length: size }, (_, n) => event(i * EVENTS_A_REQUEST + n));
      return Buffer.from(`{"api_key":"${tenant.browser_key}","batch":[${events.join(",")}]}`);
    };
    await configure(store, tenant, postgres(store, 500));
    const { seconds } = await load({
      url: store.url, path: "/batch/", headers: HEADERS, makeBody, requests, pids: [], connections: CONNECTIONS,
    });
    const start = Date.now();
    await untilDelivered(store, tenant);
    const behind = (Date.now() - start) / 1_000;
    await compare(store.database, tenant.organization_id, sent);
    console.log(
      `${count} events through ${CONNECTIONS} connections in ${seconds.toFixed(1)} s, no error; in PostgreSQL ${behind.toFixed(1)} s later, each once and byte for byte`,
    );
  } finally {
    await store.stop();
  }
}

/** Every row is what was sent, and everything that was sent is a row. */
async function compare(database, organizationId, sent) {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    let rows = 0;
    for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
      const { rows: page } = await client.query(PAGE, [after]);
      if (page.length === 0) break;
      for (const row of page) {
        const stored = [row.event_name, row.at, row.anonymous_id, row.properties].join("\n");
        const expected = sent.get(row.event_id)?.join("\n");
        if (stored !== expected || row.organization_id !== organizationId) {
          throw new Error(`${row.event_id} was sent as\n${expected}\nand is stored as\n${stored}`);
        }
      }
      rows += page.length;
      after = page.at(-1).event_id;
    }
    if (rows !== sent.size) throw new Error(`${rows} rows of ${sent.size} events`);
  } finally {
    await client.end();
  }
}
