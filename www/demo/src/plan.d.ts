// Made of the tracking plan demo, version 1. Do not edit: change the plan.

/** What SDKs add by themselves. */
export type Reserved = {
  [name: `$${string}`]: unknown;
};

/** A batch was given up, and what it took is back in stock. */
export type BatchCancelled = Reserved & {
  /** What stands on the batch's label. */
  label_code: string;
  /** What went back to stock, a line for each. */
  restoration_summary: ReadonlyArray<string>;
};

/** A batch was finished. */
export type BatchCompleted = Reserved & {
  /** What stands on the batch's label. */
  label_code: string;
  /** How much came out. */
  final_quantity: number;
  /** Unit of the final quantity. */
  output_unit: string;
  /** When it was finished. RFC 3339. */
  completed_at: string;
};

/** Somebody asked for a batch to begin or to end. That it did the events of the batch say. */
export type BatchFormSubmitted = Reserved & {
  /** What was asked for. */
  action: "start" | "finish" | "cancel";
  /** The recipe that is to be made. A whole number. */
  recipe_id?: number;
  /** How many times. */
  scale?: number;
  /** How much is said to have come out. */
  final_quantity?: number;
};

/** A batch began, and what it takes is taken from stock. */
export type BatchStarted = Reserved & {
  /** What stands on the batch's label. */
  label_code: string;
  /** The recipe that is made. A whole number. */
  recipe_id: number;
  /** How many times the recipe. */
  scale: number;
  /** What the batch becomes. */
  batch_type: "ingredient" | "product";
  /** How much is expected to come out. */
  projected_yield: number;
  /** Unit of the projected yield. */
  projected_yield_unit: string;
};

/** Stock changed. Sent by the one function that all changes go through. */
export type InventoryAdjusted = Reserved & {
  /** Why stock changed. */
  change_type: "restock" | "finished_batch" | "returned" | "refunded" | "release_reservation" | "batch" | "sale" | "spoil" | "expired" | "damaged" | "trash" | "recount";
  /** By how much: above 0 came in, below 0 went out. */
  quantity_delta: number;
  /** Unit of the quantities. */
  unit: string;
  /** What the person who adjusted wrote. */
  notes: string;
  /** Cost to reckon with instead of the item's own. */
  cost_override: number | null;
  /** Stock before. */
  original_quantity: number;
  /** Stock after. */
  new_quantity: number;
  /** The item's name. */
  item_name: string;
  /** What kind of item it is. */
  item_type: "ingredient" | "container" | "product";
  /** The batch that took or gave it, if one did. A whole number. */
  batch_id: number | null;
  /** Whether this is what the item began with. */
  is_initial_stock: boolean;
};

/** Somebody sent the form that adjusts stock. That it changed `inventory_adjusted` says. */
export type InventoryFormSubmitted = Reserved & {
  /** Why stock is to change. */
  change_type: string;
  /** By how much, or to what. */
  quantity: number;
  /** Whether something was written with it. */
  has_notes?: boolean;
};

/** A recipe was written. */
export type RecipeCreated = Reserved & {
  /** What it is called. */
  name: string;
  /** What kind of recipe it is. */
  category: string;
  /** What its batches become. */
  batch_type: "ingredient" | "product";
  /** How much it is expected to give. */
  predicted_yield: number;
  /** Unit of the predicted yield. */
  predicted_yield_unit: string;
  /** How many ingredients it has. A whole number. */
  ingredient_count: number;
};

/** Somebody sent the form that makes a recipe of another. That there is one `recipe_created` says. */
export type RecipeFormSubmitted = Reserved & {
  /** The recipe that it is made of. A whole number. */
  based_on: number;
};

/** Somebody set how many times a recipe is to be made. */
export type RecipeScaled = Reserved & {
  /** The recipe. A whole number. */
  recipe_id: number;
  /** Its name. */
  recipe_name?: string;
  /** How many times it was before. */
  from_scale?: number;
  /** How many times it is now. */
  scale: number;
  /** How much that is expected to give. */
  projected_yield?: number;
  /** Unit of the projected yield. */
  projected_yield_unit?: string;
  /** How it was set. */
  method?: "preset" | "slider";
};

/** Somebody searched for recipes. */
export type RecipeSearched = Reserved & {
  /** What was searched for. */
  query: string;
  /** How many recipes were found. A whole number. */
  result_count: number;
};

/** Somebody asked for a timer to run or to stop. That it did the timer's events say. */
export type TimerFormSubmitted = Reserved & {
  /** What was asked for. */
  action: "start" | "stop";
  /** How long it is to run, in seconds. A whole number. */
  duration_seconds?: number;
};

/** A timer was started. */
export type TimerStarted = Reserved & {
  /** The batch that the timer belongs to. A whole number. */
  batch_id: number;
  /** How long it is set to run, or has run, in seconds. A whole number. */
  duration_seconds: number;
  /** What is timed, in the words of the person who started it. */
  description: string;
};

/** A timer was stopped, by itself or with its batch. The duration is how long it ran. */
export type TimerStopped = Reserved & {
  /** The batch that the timer belongs to. A whole number. */
  batch_id: number;
  /** How long it is set to run, or has run, in seconds. A whole number. */
  duration_seconds: number;
};

/** Every event of the plan, by name. */
export interface Events {
  batch_cancelled: BatchCancelled;
  batch_completed: BatchCompleted;
  batch_form_submitted: BatchFormSubmitted;
  batch_started: BatchStarted;
  inventory_adjusted: InventoryAdjusted;
  inventory_form_submitted: InventoryFormSubmitted;
  recipe_created: RecipeCreated;
  recipe_form_submitted: RecipeFormSubmitted;
  recipe_scaled: RecipeScaled;
  recipe_searched: RecipeSearched;
  timer_form_submitted: TimerFormSubmitted;
  timer_started: TimerStarted;
  timer_stopped: TimerStopped;
}

/** The events that pages may send. */
export interface BrowserEvents {
  batch_form_submitted: BatchFormSubmitted;
  inventory_form_submitted: InventoryFormSubmitted;
  recipe_form_submitted: RecipeFormSubmitted;
  recipe_scaled: RecipeScaled;
  recipe_searched: RecipeSearched;
  timer_form_submitted: TimerFormSubmitted;
}

/** The events that back ends may send. */
export interface ServerEvents {
  batch_cancelled: BatchCancelled;
  batch_completed: BatchCompleted;
  batch_started: BatchStarted;
  inventory_adjusted: InventoryAdjusted;
  recipe_created: RecipeCreated;
  timer_started: TimerStarted;
  timer_stopped: TimerStopped;
}

/** A function that takes these events and no others: `const capture: Capture<BrowserEvents> = tallymark.capture`. */
export type Capture<Of> = <Name extends keyof Of & string>(
  name: Name,
  ...properties: {} extends Of[Name] ? [properties?: Of[Name]] : [properties: Of[Name]]
) => void;
