import type { ItemType } from "./shop";

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

/** Properties by event name, as the tracking plan has them. */
export interface DomainEventProperties {
  inventory_adjusted: {
    change_type: ChangeType;
    quantity_delta: number;
    unit: string;
    notes: string;
    cost_override: number | null;
    original_quantity: number;
    new_quantity: number;
    item_name: string;
    item_type: ItemType;
    batch_id: number | null;
    is_initial_stock: boolean;
  };
  batch_started: {
    recipe_id: number;
    scale: number;
    batch_type: "ingredient" | "product";
    projected_yield: number;
    projected_yield_unit: string;
    label_code: string;
  };
  batch_completed: { label_code: string; final_quantity: number; output_unit: string; completed_at: string };
  batch_cancelled: { label_code: string; restoration_summary: string[] };
  timer_started: { batch_id: number; duration_seconds: number; description: string };
  timer_stopped: { batch_id: number; duration_seconds: number };
  recipe_created: {
    name: string;
    category: string;
    batch_type: "ingredient" | "product";
    predicted_yield: number;
    predicted_yield_unit: string;
    ingredient_count: number;
  };
}

/** Something that happened, before it knows its tenant, time and id. */
export type DomainEvent = {
  [Name in keyof DomainEventProperties]: {
    event_name: Name;
    entity_type: "inventory_item" | "batch" | "timer" | "recipe";
    entity_id: string;
    properties: DomainEventProperties[Name];
  };
}[keyof DomainEventProperties];
