/** Refusing what is too much before it costs anything, and letting tenants know of it later. */
import type { Answer, Brain } from "./brain.ts";
import type { Env } from "./env.ts";

/** How long refused requests are counted in memory, in ms: all of them are one write in their tenant's log. */
const COUNT_MS = 2_000;

/** Asks the brain and, where it is bound, the platform: before a byte of the body is read. */
export async function refusedAtTheGate(brain: Brain, head: Uint8Array, env: Env): Promise<Answer | undefined> {
  const gate = brain.gate(head, env.ADDRESS_LIMIT !== undefined);
  if (gate.kind === "refused") return gate.answer;
  if (env.ADDRESS_LIMIT === undefined || gate.network === undefined) return undefined;
  const { success } = await env.ADDRESS_LIMIT.limit({ key: gate.network });
  return success ? undefined : brain.refuseAddress(head);
}

/** Whose counting is under way: one at a time in each isolate. */
let counting: Brain | undefined;

/** After a refusal: has the tenants' logs count theirs, soon. Nobody waits for it; what an isolate that ends has not written is lost. */
export function countRefused(brain: Brain, env: Env, ctx: ExecutionContext): void {
  if (counting === brain || !brain.hasRefused()) return;
  counting = brain;
  ctx.waitUntil(writeCounts(brain, env));
}

async function writeCounts(brain: Brain, env: Env): Promise<void> {
  try {
    await scheduler.wait(COUNT_MS);
  } finally {
    counting = undefined;
  }
  const writes = [];
  for (let refused = brain.takeRefused(); refused !== undefined; refused = brain.takeRefused()) {
    const { organizationId, day, counts } = refused;
    writes.push(env.LOG.getByName(`log:${organizationId}`).refused(day, counts));
  }
  for (const write of await Promise.allSettled(writes)) {
    if (write.status === "rejected") console.error("log.refused_failed", write.reason);
  }
}
