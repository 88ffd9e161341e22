// What `tallymark sink` says where it can't begin.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BINARY, tallymark } from "../harness/cli.mjs";
import { kafkaWithTls } from "../harness/kafka-tls.mjs";
import { until } from "../harness/until.mjs";
import { events, loading, options, servers } from "./support.mjs";

const all = servers();

test("where there is no tallymark-sink, it says what builds one", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tallymark-sink-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const alone = join(folder, "tallymark");
  copyFileSync(BINARY, alone);
  const failed = await promisify(execFile)(alone, ["sink", "--once"], { env: { PATH: folder } }).catch((error) => error);
  assert.equal(failed.code, 2);
  assert.match(failed.stderr, /tallymark-sink .*cargo install --locked --path sink/);
});

test("what is missing or wrong is named, and no secret is", options, async (t) => {
  const load = await loading(t, all, "wrong");
  const none = await tallymark(["sink"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /--brokers <HOST:PORT,…>[\s\S]*--topic <TOPIC>/);
  const run = async (env, ...more) => (await tallymark(["sink", "--once", ...more], { ...load.env, ...env })).stderr;
  assert.match(await run({ WAREHOUSE_DATABASE_URL: "" }), /WAREHOUSE_DATABASE_URL/);
  assert.match(await run({ EVENT_BUS_KAFKA_TOPIC: "none-such" }), /none-such/);
  const error = await run({ KAFKA_SETTINGS: "sasl.pasword=hunter2" });
  assert.match(error, /sasl\.pasword/);
  assert.doesNotMatch(error, /hunter2/);
  const tls = (protocol, more = "") => run({ KAFKA_SETTINGS: `security.protocol=${protocol}\n${more}` });
  assert.match(await tls("TLS"), /security\.protocol: Invalid value "TLS"/);
  assert.match(await tls("SASL_SSL"), /set sasl\.mechanisms to PLAIN, SCRAM/);
  assert.match(await tls("SSL", "ssl.ca.location=/none-such.pem"), /ssl\.ca\.location failed.*; correct KAFKA_SETTINGS/);
  assert.match(await tls("SSL", "ssl.certificate.location=/none-such.pem"), /ssl\.certificate\.location failed/);
  assert.match(await run({}, "--kafka", "enable.auto.commit=true"), /enable\.auto\.commit: not to be set here/);
  assert.match(await run({}, "--batch-size", "0"), /1\.\.=1000/);
});

test("--once ends where somebody has to mend the database", options, async (t) => {
  const load = await loading(t, all, "mend");
  await load.rows("create role blind login");
  await load.produce(events(1));
  const asBlind = load.env.WAREHOUSE_DATABASE_URL.replace("test@", "blind@");
  const { code, problems, result } = await load.once("--database-url", asBlind);
  assert.deepEqual([code, result.stored], [2, 0]);
  assert.match(problems[0].message, /42501: permission denied for table domain_event/);
  assert.deepEqual(await load.committed(), [null]);
  await load.rows("grant tallymark_service to blind");
  assert.equal((await load.once("--database-url", asBlind)).result.stored, 1, "what the service's role may is enough");
});

/** The certificate that PostgreSQL has serves Kafka, and whoever shows it is known to it. */
function certificate(postgres) {
  const beside = (name) => join(dirname(postgres.ca), name);
  return { ca: postgres.ca, certificate: beside("server.crt"), key: beside("server.key") };
}

test("TLS: the broker's certificate is verified, and ours shown", options, async (t) => {
  const load = await loading(t, all, "verified");
  await load.produce(events(20));
  const files = certificate(all.postgres);
  const broker = await kafkaWithTls(all.kafka.brokers, files);
  t.after(() => broker.stop());
  const at = (...settings) => ["--brokers", broker.brokers, ...["security.protocol=SSL", ...settings].flatMap((setting) => ["--kafka", setting])];
  const ours = [`ssl.certificate.location=${files.certificate}`, `ssl.key.location=${files.key}`];
  const refusal = async (...settings) => {
    const sink = load.start(...at(...settings));
    const trouble = await until("a trouble", () => sink.troubles().find((trouble) => /SSL/.test(trouble)));
    assert.equal((await sink.end("SIGTERM")).code, 0);
    return trouble;
  };
  assert.match(await refusal(...ours), /certificate verify failed/);
  assert.match(await refusal(`ssl.ca.location=${files.ca}`), /certificate required/);
  assert.equal(await load.count(), 0);
  const { code, result } = await load.once(...at(`ssl.ca.location=${files.ca}`, ...ours));
  assert.deepEqual([code, result], [0, { stored: 20, known: 0, dead_letters: 0 }]);
});

test("SASL is librdkafka's", options, async (t) => {
  const load = await loading(t, all, "tls");
  const settings = ["security.protocol=SASL_SSL", "sasl.mechanisms=SCRAM-SHA-512", "sasl.username=u", "sasl.password=p"];
  const sink = load.start(...settings.flatMap((setting) => ["--kafka", setting]));
  // The mock cluster speaks no TLS.
  await until("a trouble with TLS", () => sink.troubles().some((trouble) => /SSL handshake failed/.test(trouble)));
  assert.equal((await sink.end("SIGTERM")).code, 0);
});
