// Made of the tracking plan batchtrack, version 1. Do not edit: change the plan.

/** What SDKs add by themselves. */
export type Reserved = {
  [name: `$${string}`]: unknown;
};

/** A page that was seen was left. */
export type Pageleave = { [name: string]: unknown };

/** A page was seen, or a view of a single-page application. */
export type Pageview = { [name: string]: unknown };

/** A batch was given up. Sent when that and what goes back to stock are committed. */
export type BatchCancelled = Reserved & {
  /** What stands on the batch's label. */
  label_code?: string;
  /** What went back to stock, a line for each. */
  restoration_summary?: ReadonlyArray<string>;
};

/** A batch was finished. Sent when that is committed. */
export type BatchCompleted = Reserved & {
  /** What stands on the batch's label. */
  label_code?: string;
  /** How much came out. */
  final_quantity?: number;
  /** Unit of the final quantity. */
  output_unit?: string;
  /** When it was finished. RFC 3339. */
  completed_at?: string;
};

/** A batch went wrong. */
export type BatchFailed = { [name: string]: unknown };

/** Figures of a batch were computed, for statistics. */
export type BatchMetricsComputed = { [name: string]: unknown };

/** A batch began. Sent when the batch and what it takes from stock are committed. */
export type BatchStarted = Reserved & {
  /** What stands on the batch's label. */
  label_code?: string;
  /** The recipe that is made. A whole number. */
  recipe_id?: number;
  /** How many times the recipe. */
  scale?: number;
  /** What the batch becomes. */
  batch_type?: "ingredient" | "product";
  /** How much is expected to come out. */
  projected_yield?: number;
  /** Unit of the projected yield. */
  projected_yield_unit?: string;
};

/** Stock changed. Sent for every adjustment, by the one function that all of them go through. */
export type InventoryAdjusted = Reserved & {
  /** Why stock changed. */
  change_type: "restock" | "finished_batch" | "batch" | "spoil" | "expired" | "trash" | "damaged" | "sale" | "recount" | "returned" | "refunded" | "release_reservation" | "use" | "tester" | "sample" | "gift";
  /** By how much: above 0 came in, below 0 went out. */
  quantity_delta: number;
  /** Unit of the quantities. */
  unit?: string;
  /** What the person who adjusted wrote. */
  notes?: string;
  /** Cost to reckon with instead of the item's own. */
  cost_override?: number | null;
  /** Stock before. */
  original_quantity?: number;
  /** Stock after. */
  new_quantity?: number;
  /** The item's name. */
  item_name?: string;
  /** What kind of item it is. */
  item_type?: "ingredient" | "container" | "product";
  /** The batch that took or gave it, if one did. A whole number. */
  batch_id?: number | null;
  /** Whether this is what the item began with. */
  is_initial_stock?: boolean;
};

/** A product was added. */
export type ProductCreated = { [name: string]: unknown };

/** A variant of a product was added. */
export type ProductVariantCreated = { [name: string]: unknown };

/** A recipe was written. */
export type RecipeCreated = { [name: string]: unknown };

/** A recipe was deleted. */
export type RecipeDeleted = { [name: string]: unknown };

/** A recipe was changed. */
export type RecipeUpdated = { [name: string]: unknown };

/** A unit that is sold was added. */
export type SkuCreated = { [name: string]: unknown };

/** A timer was started, by `TimerService.create_timer`. */
export type TimerStarted = Reserved & {
  /** The batch that the timer belongs to. A whole number. */
  batch_id?: number;
  /** How long the timer is set to run or has run, in seconds. A whole number. */
  duration_seconds?: number;
  /** What is timed, in the words of the person who started it. */
  description?: string;
};

/** A timer was stopped, by `TimerService.stop_timer`. */
export type TimerStopped = Reserved & {
  /** The batch that the timer belongs to. A whole number. */
  batch_id?: number;
  /** How long the timer is set to run or has run, in seconds. A whole number. */
  duration_seconds?: number;
};

/** Every event of the plan, by name. */
export interface Events {
  $pageleave: Pageleave;
  $pageview: Pageview;
  batch_cancelled: BatchCancelled;
  batch_completed: BatchCompleted;
  batch_failed: BatchFailed;
  batch_metrics_computed: BatchMetricsComputed;
  batch_started: BatchStarted;
  inventory_adjusted: InventoryAdjusted;
  product_created: ProductCreated;
  product_variant_created: ProductVariantCreated;
  recipe_created: RecipeCreated;
  recipe_deleted: RecipeDeleted;
  recipe_updated: RecipeUpdated;
  sku_created: SkuCreated;
  timer_started: TimerStarted;
  timer_stopped: TimerStopped;
}

/** The events that pages may send. */
export interface BrowserEvents {
  $pageleave: Pageleave;
  $pageview: Pageview;
}

/** The events that back ends may send. */
export interface ServerEvents {
  batch_cancelled: BatchCancelled;
  batch_completed: BatchCompleted;
  batch_failed: BatchFailed;
  batch_metrics_computed: BatchMetricsComputed;
  batch_started: BatchStarted;
  inventory_adjusted: InventoryAdjusted;
  product_created: ProductCreated;
  product_variant_created: ProductVariantCreated;
  recipe_created: RecipeCreated;
  recipe_deleted: RecipeDeleted;
  recipe_updated: RecipeUpdated;
  sku_created: SkuCreated;
  timer_started: TimerStarted;
  timer_stopped: TimerStopped;
}

/** A function that takes these events and no others: `const capture: Capture<BrowserEvents> = tallymark.capture`. */
export type Capture<Of> = <Name extends keyof Of & string>(
  name: Name,
  ...properties: {} extends Of[Name] ? [properties?: Of[Name]] : [properties: Of[Name]]
) => void;
