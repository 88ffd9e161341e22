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
import { quarantine } from "./quarantine.ts";
import { snippetScript } from "./snippet.ts";
import type { Answer, Step } from "./brain.ts";

export { TenantLog } from "./log/log.ts";

/** Most that one request asks of the registry: the Measurement Protocol's secret, its measurement id, and a plan. */
const MAX_LOOKUPS = 3;

let brain: Brain | undefined;

export default {
  async fetch(request, env): Promise<Response> {
    if (request.method === "OPTIONS") return preflight(request);
    const script = snippetScript(request, env);
    if (script !== undefined) return script;
    brain ??= new Brain(env.INGEST_PATHS ?? [], env.ADMIN_TOKEN_SHA256 ?? "");
    try {
      return respond(request, await handle(brain, request, env));
    } catch (error) {
      // Either the brain trapped, and its instance can't be trusted any more, or the platform failed. The
      // client keeps its events and tries again.
      brain = undefined;
      console.error("collector.failed", error);
      return respond(request, {
        status: 503,
        contentType: "application/json",
        body: '{"type":"server_error","code":"internal","detail":"the collector failed; send the same request again","attr":null}',
        maxAgeS: 0,
      });
    }
  },
} satisfies ExportedHandler<Env>;

async function handle(brain: Brain, request: Request, env: Env): Promise<Answer> {
  const body = await readBody(request, brain.maxBodyBytes);
  if (body === TOO_LARGE) return brain.refuseTooLarge();
  let step = brain.receive(request, body);
  for (let asked = 0; step.kind === "need_key" && asked < MAX_LOOKUPS; asked++) {
    brain.learn(step.lookup, await env.REGISTRY.get(step.lookup));
    step = brain.receive(request, body);
  }
  switch (step.kind) {
    case "answer":
      return step.answer;
    case "append":
      return append(brain, step, env);
    case "events":
      return json(await log(env, step.organizationId).events(step.after, step.limit));
    case "identities":
      return json(await log(env, step.organizationId).identities(step.after, step.limit));
    case "ledger":
      return json(await log(env, step.organizationId).ledger(step.organizationId, step.from, step.to));
    case "quarantine":
      return quarantine(brain, log(env, step.organizationId), env.REGISTRY, step.organizationId, step.request);
    case "administer":
      return administer(brain, env.REGISTRY, request, body);
    case "erasure":
      return json(await log(env, step.organizationId).erase(step.organizationId, step.request));
    case "need_key":
      throw new Error(`the registry's answer for ${step.lookup} did not settle the question`);
  }
}

/** Answers only after the log has committed: a 200 is a promise. */
async function append(brain: Brain, step: Extract<Step, { kind: "append" }>, env: Env): Promise<Answer> {
  let receipt;
  try {
    receipt = await log(env, step.organizationId).append(step.batch);
  } catch (error) {
    console.error("log.append_failed", error);
  }
  return brain.acknowledge(step.slot, receipt);
}

function log(env: Env, organizationId: string) {
  return env.LOG.getByName(`log:${organizationId}`);
}

function json(body: string): Answer {
  return { status: 200, contentType: "application/json", body, maxAgeS: 0 };
}
