/** What the tests of `tallymark dispatch` share: databases with an outbox, receivers, and dispatchers. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { tallymarkJson } from "../harness/cli.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";
import { migrated, session } from "./support.mjs";

export const options = { skip: NO_POSTGRES, timeout: 120_000 };
/** Of webhooks. */
export const SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
/** No test waits for what failed to be due. */
export const QUICK = { retry_first_ms: 1, retry_cap_ms: 1 };

const folder = mkdtempSync(join(tmpdir(), "tallymark-dispatch-"));
let server;

before(async () => {
  if (!NO_POSTGRES) server = await startPostgres({ tcp: true });
});
after(async () => {
  rmSync(folder, { recursive: true });
  await server?.stop();
});

/** A webhook's receiver: what has come, by event id. `answer` says what is answered to each: a status, or it and `Retry-After`. */
export async function receiver(t, answer = () => 204) {
  const came = [];
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { data } = JSON.parse(body);
    const [status, retryAfter = "0"] = [await answer(data, came)].flat();
    came.push({ id: request.headers["webhook-id"], status, data, body, at: Date.now() });
    response.writeHead(status, status === 429 ? { "retry-after": retryAfter } : {}).end(status < 300 ? "" : "no");
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  return {
    came,
    taken: () => came.filter(({ status }) => status < 300).map(({ id }) => id),
    destination: (name, more = {}) => ({
      name, kind: "webhook", url: `http://127.0.0.1:${http.address().port}/`, secrets: SECRETS, ...QUICK, ...more,
    }),
  };
}

/** A migrated database with an outbox, and what dispatches it to these destinations, or to others. */
export async function outbox(t, name, destinations, ...flags) {
  const url = await migrated(server, name, ...flags);
  const file = join(folder, `${name}.json`);
  const configure = (list) => writeFileSync(file, JSON.stringify(list));
  configure(destinations);
  const args = ["dispatch", "--database-url", url, "--destinations", file];
  return { client: await session(t, url), args, configure, dispatch: (...more) => tallymarkJson([...args, ...more]) };
}

export const emit = async (client, name = "batch_started", properties = {}) =>
  (await client.query("select emit_domain_event($1, $2::json, 'org_1') as id", [name, JSON.stringify(properties)])).rows[0].id;

/** Dispatches until nothing is pending: what failed is due again within a millisecond. */
export const drain = (dispatch) => until("nothing to be pending", async () => (await dispatch()).result?.pending === 0);
