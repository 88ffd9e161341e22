/** Seeing to a tenant's destinations, and to what they were sent: what the log says of them becomes an answer. */
import type { Answer } from "./brain.ts";
import type { TenantLog } from "./log/log.ts";
import type { DeliveryRequest } from "./log/parked.ts";

/** Does what is wanted, and says what came of it. */
export async function delivery(
  log: DurableObjectStub<TenantLog>,
  organizationId: string,
  request: DeliveryRequest,
): Promise<Answer> {
  switch (request.verb) {
    case "list":
      return answer(200, await log.destinations());
    case "resume":
      return (await log.resumeDestination(request.filter.destination)) ? answer(200, '{"status":"Ok"}') : NO_DESTINATION;
    case "parked":
      return answer(200, await log.parkedDeliveries(request));
    case "show": {
      const { eventId } = request.filter;
      const found = await log.whereabouts(organizationId, eventId);
      if (found.is === "stored") return answer(200, found.text);
      return found.is === "quarantined" ? inQuarantine(eventId) : NO_EVENT;
    }
    case "retry":
    case "drop":
      return answer(200, JSON.stringify(await log.sweepParked(request)));
  }
}

function answer(status: number, body: string): Answer {
  return { status, contentType: "application/json", body, maxAgeS: 0 };
}

function notFound(detail: string, attr: string): Answer {
  return answer(404, JSON.stringify({ type: "validation_error", code: "not_found", detail, attr }));
}

const NO_DESTINATION = notFound("no destination has this name: GET /v1/destinations lists them", "name");

const NO_EVENT = notFound(
  "no event of this organization is stored under this id: it never came, or was purged from quarantine, erased or removed by retention",
  "event_id",
);

function inQuarantine(eventId: string): Answer {
  const remedy = `\`tallymark quarantine show ${eventId}\` (GET /v1/quarantine/${eventId}) says which rule it broke`;
  return notFound(`this event is in quarantine, from where nothing is delivered: ${remedy}`, "event_id");
}
