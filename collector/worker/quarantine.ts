/**
 * Seeing to a tenant's quarantine. The log holds the events, the brain judges them, and what it says goes back to the
 * log, a page at a time: between two pages everything is in its place, so whoever is interrupted starts over.
 */
import type { QuarantinePurge, QuarantineReplay } from "./api.ts";
import type { Answer, Brain } from "./brain.ts";
import type { TenantLog } from "./log/log.ts";
import type { QuarantineRequest, Settled, Verdict } from "./log/quarantine.ts";

/** Most events in one transaction of the log: some 10 ms of its only thread, between which others have their turn. */
const PAGE_EVENTS = 250;

type Log = DurableObjectStub<TenantLog>;

/** Does what is wanted, and says what came of it. */
export async function quarantine(
  brain: Brain,
  log: Log,
  registry: KVNamespace,
  organizationId: string,
  request: QuarantineRequest,
): Promise<Answer> {
  switch (request.verb) {
    case "list":
      return answer(200, await log.quarantineList(request.filter, request.after, request.limit));
    case "show": {
      const event = await log.quarantined(organizationId, request.eventId);
      return event === null ? NOT_THERE : answer(200, event);
    }
    case "replay":
      return answer(200, JSON.stringify(await replay(brain, log, registry, organizationId, request)));
    case "purge":
      return answer(200, JSON.stringify(await purge(log, request)));
  }
}

async function replay(
  brain: Brain,
  log: Log,
  registry: KVNamespace,
  organizationId: string,
  request: QuarantineRequest,
) {
  const planLookup = `plan:${organizationId}`;
  const settingsLookup = `settings:${organizationId}`;
  const [plan, settings] = await Promise.all([registry.get(planLookup), registry.get(settingsLookup)]);
  const { filter, limit, dryRun } = request;
  const done: QuarantineReplay = {
    dry_run: dryRun, examined: 0, stored: 0, quarantined: {}, unreplayable: 0, next_after: request.after, is_complete: false,
  };
  while (done.examined < limit) {
    const page = await log.replayPage(filter, done.next_after, Math.min(PAGE_EVENTS, limit - done.examined));
    if (page.events === 0) {
      done.is_complete = true;
      break;
    }
    // Whoever replays has just corrected the plan: not by the one of a minute ago. And for each page, as none outlasts a minute.
    brain.learn(planLookup, plan);
    brain.learn(settingsLookup, settings);
    const { verdicts, unreplayable } = brain.replay(organizationId, page.lines);
    const settled = dryRun ? foreseen(verdicts) : await log.settle(organizationId, verdicts);
    done.examined += page.events;
    done.next_after = page.next;
    done.stored += settled.stored;
    done.unreplayable += unreplayable;
    add(done.quarantined, settled.quarantined);
  }
  return done;
}

/** What the log would make of verdicts. */
function foreseen(verdicts: readonly Verdict[]): Settled {
  const quarantined: Record<string, number> = {};
  for (const verdict of verdicts) if (verdict.length !== 3) add(quarantined, { [verdict[1]]: 1 });
  return { stored: verdicts.filter((verdict) => verdict.length === 3).length, quarantined };
}

async function purge(log: Log, { filter, after, limit, dryRun }: QuarantineRequest) {
  const done: QuarantinePurge = { dry_run: dryRun, purged: {}, next_after: after, is_complete: false };
  for (let left = limit; left > 0; ) {
    const { purged, next } = await log.purge(filter, done.next_after, Math.min(PAGE_EVENTS, left), dryRun);
    if (next === done.next_after) {
      done.is_complete = true;
      break;
    }
    left -= Object.values(purged).reduce((a, b) => a + b, 0);
    done.next_after = next;
    add(done.purged, purged);
  }
  return done;
}

function add(to: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) to[name] = (to[name] ?? 0) + count;
}

function answer(status: number, body: string): Answer {
  return { status, contentType: "application/json", body, maxAgeS: 0 };
}

const NOT_THERE = answer(
  404,
  '{"type":"validation_error","code":"not_found","detail":"no such event is in quarantine: it may be stored by now, or purged","attr":"event_id"}',
);
