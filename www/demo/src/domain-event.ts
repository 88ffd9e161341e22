import type { ServerEvents } from "./plan";

/** The change types of the tracking plan, and what each does to the quantity. */
export const CHANGE_TYPES = {
  restock: "adds",
  finished_batch: "adds",
  returned: "adds",
  refunded: "adds",
  release_reservation: "adds",
  batch: "takes",
  sale: "takes",
  spoil: "takes",
  expired: "takes",
  damaged: "takes",
  trash: "takes",
  recount: "sets",
} as const;
export type ChangeType = keyof typeof CHANGE_TYPES;

/** The other change types happen by themselves, when a batch starts, ends or is cancelled. */
export const MANUAL_CHANGE_TYPES = [
  "restock",
  "sale",
  "recount",
  "returned",
  "refunded",
  "spoil",
  "expired",
  "damaged",
  "trash",
] as const satisfies readonly ChangeType[];

/** Something that happened, before it knows its tenant, time and id: what the plan (plans/demo) lets back ends say. */
export type DomainEvent = {
  [Name in keyof ServerEvents]: {
    event_name: Name;
    entity_type: "inventory_item" | "batch" | "timer" | "recipe";
    entity_id: string;
    properties: ServerEvents[Name];
  };
}[keyof ServerEvents];
