import { CHANGE_TYPES, type ChangeType, type DomainEvent } from "./domain-event";
import { itemOf, keep, nextId, rounded, type Shop } from "./shop";

/** Said to the person at the keyboard; nothing has changed. */
export class Refused extends Error {}

/** One thing that a person did: its id is on every event that it causes, in the page and in the back end. */
export interface Action {
  correlation_id: string;
  now: number;
}

export interface AdjustmentRequest {
  item_id: number;
  change_type: ChangeType;
  /** What to add or take; for a recount, what is there. */
  quantity: number;
  notes: string;
  cost_override?: number | null;
  batch_id?: number | null;
}

/** The one way in which a quantity changes, so that no change goes without its event. */
export function adjust(shop: Shop, request: AdjustmentRequest, { correlation_id, now }: Action): DomainEvent {
  const item = itemOf(shop, request.item_id);
  if (!item) throw new Refused("That item isn’t on the shelf.");
  if (!Number.isFinite(request.quantity) || request.quantity < 0) {
    throw new Refused("The quantity must be a number from 0 up.");
  }
  const original = item.quantity;
  const effect = CHANGE_TYPES[request.change_type];
  const change = effect === "sets" ? request.quantity - original : effect === "adds" ? request.quantity : -request.quantity;
  if (original + change < 0) throw new Refused(`Only ${original} ${item.unit} of ${item.name} on hand.`);
  item.quantity = rounded(original + change);
  const quantity_delta = rounded(change);
  keep(shop.adjustments, {
    id: nextId(shop),
    at: now,
    item_id: item.id,
    change_type: request.change_type,
    quantity_delta,
    new_quantity: item.quantity,
    notes: request.notes,
    correlation_id,
  });
  return {
    event_name: "inventory_adjusted",
    entity_type: "inventory_item",
    entity_id: String(item.id),
    properties: {
      change_type: request.change_type,
      quantity_delta,
      unit: item.unit,
      notes: request.notes,
      cost_override: request.cost_override ?? null,
      original_quantity: original,
      new_quantity: item.quantity,
      item_name: item.name,
      item_type: item.type,
      batch_id: request.batch_id ?? null,
      is_initial_stock: false,
    },
  };
}
