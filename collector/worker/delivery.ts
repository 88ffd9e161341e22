/** Seeing to a tenant's destinations: what the log says of them becomes an answer. */
import type { Answer } from "./brain.ts";
import type { TenantLog } from "./log/log.ts";
import type { DeliveryRequest } from "./log/parked.ts";

/** Does what is wanted, and says what came of it. */
export async function delivery(log: DurableObjectStub<TenantLog>, request: DeliveryRequest): Promise<Answer> {
  switch (request.verb) {
    case "list":
      return answer(200, await log.destinations());
    case "resume":
      return (await log.resumeDestination(request.filter.destination)) ? answer(200, '{"status":"Ok"}') : NOT_THERE;
    case "parked":
      return answer(200, await log.parkedDeliveries(request));
    case "retry":
    case "drop":
      return answer(200, JSON.stringify(await log.sweepParked(request)));
  }
}

function answer(status: number, body: string): Answer {
  return { status, contentType: "application/json", body, maxAgeS: 0 };
}

const NOT_THERE = answer(
  404,
  '{"type":"validation_error","code":"not_found","detail":"no destination has this name: GET /v1/destinations lists them","attr":"name"}',
);
