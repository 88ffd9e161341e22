/**
 * Calls of the operator's: what the brain asks for is read from the registry, what it decides is written there.
 *
 * KV has no transactions. The brain orders the writes so that each leaves everything whole, and one is done before the
 * next begins.
 */
import type { Answer, Brain, Found, Write } from "./brain.ts";
import { note, textOf } from "./journal.ts";
import type { TenantLog } from "./log/log.ts";

/** Most readings for one call: a push has the plan, its versions and the salt to look at; going back, a version, too. */
const MAX_READINGS = 8;

/** Names in a list: the most that KV gives at once. What is listed is kept below that by the brain. */
const MAX_NAMES = 1_000;

/** What the names of the records begin with that logs go by; the organization's id follows. */
const DESTINATIONS = "destinations:";
const SETTINGS = "settings:";

type LogOf = (organizationId: string) => DurableObjectStub<TenantLog>;

export async function administer(
  brain: Brain,
  registry: KVNamespace,
  logOf: LogOf,
  head: Uint8Array,
  body: Uint8Array,
): Promise<Answer> {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const found: Found = { records: {}, lists: {} };
  for (let readings = 0; readings <= MAX_READINGS; readings++) {
    const step = brain.administer(head, body, found, random);
    if (step.kind === "done") {
      for (const write of step.writes) {
        await carryOut(brain, registry, write);
        await tell(logOf, write);
      }
      return step.answer;
    }
    if (step.verb === "record") {
      found.records[step.name] = await registry.get(step.name);
    } else {
      const { keys } = await registry.list({ prefix: step.name, limit: MAX_NAMES });
      found.lists[step.name] = keys.map(({ name, metadata }) => [name, metadata ?? null]);
    }
  }
  throw new Error("the registry's answers did not settle the call");
}

async function carryOut(brain: Brain, registry: KVNamespace, write: Write): Promise<void> {
  if (write.verb === "delete") {
    await registry.delete(write.name);
    brain.learn(write.name, null);
    return;
  }
  const { name, value, metadata, until } = write;
  await registry.put(name, value, {
    ...(metadata !== undefined && { metadata }),
    ...(until !== undefined && { expiration: until }),
  });
  // This isolate need not wait until what it knew is old.
  brain.learn(name, value);
}

/** A log goes by what it knows for a while before it asks again: whoever has changed that need not wait. */
async function tell(logOf: LogOf, write: Write): Promise<void> {
  const { name } = write;
  const record = write.verb === "put" ? write.value : null;
  try {
    if (name.startsWith(DESTINATIONS)) await logOf(name.slice(DESTINATIONS.length)).destinationsChanged(record);
    if (name.startsWith(SETTINGS)) await logOf(name.slice(SETTINGS.length)).settingsChanged(record);
  } catch (error) {
    // It holds all the same, when it asks.
    note("error", "admin.log_not_told", { error: textOf(error) });
  }
}
