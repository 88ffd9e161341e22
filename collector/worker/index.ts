/**
 * The collector's Worker: carries a request into the wasm brain, and does what the brain says.
 *
 * Architecture invariant: nothing in this file decides anything about an event. It reads bodies, asks the
 * registry and the log, and answers.
 */
import { administer } from "./admin.ts";
import { readBody, TOO_LARGE } from "./body.ts";
import { Brain } from "./brain.ts";
import { preflight, respond } from "./cors.ts";
import type { Env } from "./env.ts";
import { delivery } from "./delivery.ts";
import { health } from "./health.ts";
import { note, textOf } from "./journal.ts";
import { OVER_QUOTA } from "./log/quota.ts";
import { metrics } from "./metrics.ts";
import { quarantine } from "./quarantine.ts";
import { countRefused, refusedAtTheGate } from "./shed.ts";
import { snippetScript } from "./snippet.ts";
import { Call } from "./telemetry.ts";
import type { Answer, Step } from "./brain.ts";
import type { Receipt } from "./log/log.ts";

export { TenantLog } from "./log/log.ts";

/** Most that one request asks of the registry: the Measurement Protocol's secret, its measurement id, settings and a plan. */
const MAX_LOOKUPS = 4;

let brain: Brain | undefined;

export default {
  async fetch(request, env, ctx): Promise<Response> {
    if (request.method === "OPTIONS") return preflight(request);
    const script = snippetScript(request, env);
    if (script !== undefined) return script;
    const call = new Call(request);
    const answer = (await health(request, env, () => brainFor(env))) ?? (await answerTo(request, env, call));
    call.answered(request, answer, brain, env);
    if (brain !== undefined && answer.status >= 400) countRefused(brain, env, ctx);
    return respond(request, answer, call.id);
  },
} satisfies ExportedHandler<Env>;

function brainFor(env: Env): Brain {
  return new Brain(env.INGEST_PATHS ?? [], env.ADMIN_TOKEN_SHA256 ?? "", env.ADDRESS_RATE);
}

async function answerTo(request: Request, env: Env, call: Call): Promise<Answer> {
  try {
    brain ??= brainFor(env);
    return await handle(brain, request, env, call);
  } catch (error) {
    // Either the brain trapped, and its instance can't be trusted any more, or the platform failed. The
    // client keeps its events and tries again.
    brain = undefined;
    note("error", "collector.failed", { request_id: call.id, organization_id: call.organizationId, error: textOf(error) });
    return {
      status: 503,
      contentType: "application/json",
      body: '{"type":"server_error","code":"internal","detail":"the collector failed; send the same request again","attr":null}',
      maxAgeS: 0,
    };
  }
}

async function handle(brain: Brain, request: Request, env: Env, call: Call): Promise<Answer> {
  const head = brain.head(request);
  const refusal = await refusedAtTheGate(brain, head, env);
  if (refusal !== undefined) return refusal;
  const body = await readBody(request, brain.maxBodyBytes);
  if (body === TOO_LARGE) return brain.refuseTooLarge(head);
  let step = brain.receive(head, body);
  for (let asked = 0; step.kind === "need_key" && asked < MAX_LOOKUPS; asked++) {
    brain.learn(step.lookup, await env.REGISTRY.get(step.lookup));
    step = brain.receive(head, body);
  }
  if ("organizationId" in step) call.organizationId = step.organizationId;
  switch (step.kind) {
    case "answer":
      return step.answer;
    case "append":
      return append(brain, step, head, env, call);
    case "events":
      return json(await log(env, step.organizationId).events(step.after, step.limit));
    case "identities":
      return json(await log(env, step.organizationId).identities(step.after, step.limit));
    case "ledger":
      return json(await log(env, step.organizationId).ledger(step.organizationId, step.from, step.to));
    case "quarantine":
      return quarantine(brain, log(env, step.organizationId), env.REGISTRY, step.organizationId, step.request);
    case "administer":
      return administer(brain, env.REGISTRY, (organizationId) => log(env, organizationId), head, body);
    case "erasure":
      return json(await log(env, step.organizationId).erase(step.organizationId, step.request));
    case "delivery":
      return delivery(log(env, step.organizationId), step.organizationId, step.request);
    case "metrics":
      return metrics(step.organizationIds, (organizationId) => log(env, organizationId));
    case "need_key":
      throw new Error(`the registry's answer for ${step.lookup} did not settle the question`);
  }
}

/** Answers only after the log has committed: a 200 is a promise. */
async function append(
  brain: Brain,
  step: Extract<Step, { kind: "append" }>,
  head: Uint8Array,
  env: Env,
  call: Call,
): Promise<Answer> {
  let receipt: Receipt | typeof OVER_QUOTA | undefined;
  const startMs = Date.now();
  try {
    receipt = await log(env, step.organizationId).append(step.batch);
  } catch (error) {
    note("error", "log.append_failed", { request_id: call.id, organization_id: call.organizationId, error: textOf(error) });
  }
  call.appendMs = Date.now() - startMs;
  if (receipt === OVER_QUOTA) return brain.overQuota(step.slot, head);
  call.receipt = receipt;
  return brain.acknowledge(step.slot, receipt);
}

function log(env: Env, organizationId: string) {
  return env.LOG.getByName(`log:${organizationId}`);
}

function json(body: string): Answer {
  return { status: 200, contentType: "application/json", body, maxAgeS: 0 };
}
