/** The collector without its log: decode to tag, then answer. What the pipeline itself costs. */
import { readBody, TOO_LARGE } from "../../collector/worker/body.ts";
import { Brain } from "../../collector/worker/brain.ts";

let brain: Brain | undefined;

export default {
  async fetch(request: Request, env: { KEYS: Record<string, string> }): Promise<Response> {
    brain ??= new Brain([], "");
    const head = brain.head(request);
    const body = await readBody(request, brain.maxBodyBytes);
    if (body === TOO_LARGE) throw new Error("too large for a bench");
    let step = brain.receive(head, body);
    // A key, and whether its tenant has settings and a plan.
    for (let asked = 0; step.kind === "need_key" && asked < 3; asked++) {
      brain.learn(step.lookup, env.KEYS[step.lookup] ?? null);
      step = brain.receive(head, body);
    }
    if (step.kind !== "append") throw new Error(`expected an append, not ${JSON.stringify(step)}`);
    const { events, quarantinedCount } = step.batch;
    const answer = brain.acknowledge(step.slot, { stored: events, duplicates: 0, quarantined: quarantinedCount });
    return new Response(answer.body, { status: answer.status, headers: { "content-type": answer.contentType } });
  },
};
