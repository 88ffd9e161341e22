import type { DomainEvent } from "./domain-event";
import { adjust, Refused, type Action } from "./inventory";
import { batchOf, itemOf, keep, labelCode, nextId, recipeOf, rounded, type Batch, type Recipe, type Shop } from "./shop";
import { stopTimersOf } from "./timers";

/** Smallest and largest multiple of a recipe that the bench can make. */
export const SCALE = { min: 0.25, max: 4, step: 0.25 };

/** What is missing for a batch, as `"Olive oil: 120 g short"`. Empty: it can start. */
export function shortages(shop: Shop, recipe: Recipe, scale: number): string[] {
  return recipe.lines.flatMap(({ item_id, amount }) => {
    const item = itemOf(shop, item_id);
    const short = rounded(amount * scale - (item?.quantity ?? 0));
    return item && short > 0 ? [`${item.name}: ${short} ${item.unit} short`] : [];
  });
}

export function startBatch(shop: Shop, recipe_id: number, scale: number, action: Action): DomainEvent[] {
  const recipe = recipeOf(shop, recipe_id);
  if (!recipe) throw new Refused("That recipe doesn’t exist.");
  if (!(scale >= SCALE.min && scale <= SCALE.max)) {
    throw new Refused(`The scale must be from ${SCALE.min} to ${SCALE.max}.`);
  }
  const missing = shortages(shop, recipe, scale);
  if (missing.length > 0) throw new Refused(`Not enough on the shelf. ${missing.join(", ")}.`);

  const id = nextId(shop);
  const batch: Batch = {
    id,
    recipe_id,
    label_code: labelCode(recipe, id, action.now),
    scale,
    status: "in_progress",
    started_at: action.now,
    ended_at: null,
    projected_yield: rounded(recipe.yield * scale),
    yield_unit: recipe.yield_unit,
    final_quantity: null,
    deductions: recipe.lines.map((line) => ({ ...line, amount: rounded(line.amount * scale) })),
  };
  keep(shop.batches, batch);
  const started = aboutBatch(batch, "batch_started", {
    recipe_id,
    scale,
    batch_type: recipe.batch_type,
    projected_yield: batch.projected_yield,
    projected_yield_unit: batch.yield_unit,
    label_code: batch.label_code,
  });
  return [started, ...moveStock(shop, batch, "batch", action)];
}

export function completeBatch(shop: Shop, id: number, final_quantity: number, action: Action): DomainEvent[] {
  const { batch, recipe } = batchUnderWay(shop, id);
  const made = adjust(
    shop,
    {
      item_id: recipe.makes_item_id,
      change_type: "finished_batch",
      quantity: final_quantity,
      notes: batch.label_code,
      batch_id: id,
    },
    action,
  );
  Object.assign(batch, { status: "completed", ended_at: action.now, final_quantity } satisfies Partial<Batch>);
  const completed = aboutBatch(batch, "batch_completed", {
    label_code: batch.label_code,
    final_quantity,
    output_unit: batch.yield_unit,
    completed_at: new Date(action.now).toISOString(),
  });
  return [...stopTimersOf(shop, id, action.now), made, completed];
}

export function cancelBatch(shop: Shop, id: number, action: Action): DomainEvent[] {
  const { batch } = batchUnderWay(shop, id);
  const restored = moveStock(shop, batch, "release_reservation", action);
  Object.assign(batch, { status: "cancelled", ended_at: action.now } satisfies Partial<Batch>);
  const restoration_summary = batch.deductions.flatMap(({ item_id, amount }) => {
    const item = itemOf(shop, item_id);
    return item ? [`${item.name}: ${amount} ${item.unit} restored`] : [];
  });
  const cancelled = aboutBatch(batch, "batch_cancelled", { label_code: batch.label_code, restoration_summary });
  return [...stopTimersOf(shop, id, action.now), ...restored, cancelled];
}

function batchUnderWay(shop: Shop, id: number): { batch: Batch; recipe: Recipe } {
  const batch = batchOf(shop, id);
  const recipe = batch && recipeOf(shop, batch.recipe_id);
  if (!batch || !recipe) throw new Refused("That batch doesn’t exist.");
  if (batch.status !== "in_progress") throw new Refused(`${batch.label_code} is already ${batch.status}.`);
  return { batch, recipe };
}

function moveStock(shop: Shop, batch: Batch, change_type: "batch" | "release_reservation", action: Action): DomainEvent[] {
  return batch.deductions.map(({ item_id, amount }) =>
    adjust(shop, { item_id, change_type, quantity: amount, notes: batch.label_code, batch_id: batch.id }, action),
  );
}

function aboutBatch<Name extends "batch_started" | "batch_completed" | "batch_cancelled">(
  batch: Batch,
  event_name: Name,
  properties: Extract<DomainEvent, { event_name: Name }>["properties"],
): DomainEvent {
  return { event_name, entity_type: "batch", entity_id: String(batch.id), properties } as DomainEvent;
}
