import { itemOf, type Batch, type Recipe, type Shop, type Timer } from "./shop";

/** What the workbench shows: all that is or was under way, and what can be started. */
export interface Bench {
  /** The server's clock, so that timers agree with it and not with the page's. */
  now: number;
  /** Newest first. */
  batches: Omit<Batch, "deductions">[];
  /** Those that run. */
  timers: Timer[];
  recipes: (Pick<Recipe, "id" | "name" | "yield" | "yield_unit" | "steps"> & {
    lines: { name: string; unit: string; amount: number; on_hand: number }[];
  })[];
}

export function benchOf(shop: Shop, now: number): Bench {
  return {
    now,
    batches: shop.batches.map(({ deductions: _, ...batch }) => batch).reverse(),
    timers: shop.timers.filter((t) => t.stopped_at === null),
    recipes: shop.recipes.map(({ id, name, yield: makes, yield_unit, steps, lines }) => ({
      id,
      name,
      yield: makes,
      yield_unit,
      steps,
      lines: lines.flatMap(({ item_id, amount }) => {
        const item = itemOf(shop, item_id);
        return item ? [{ name: item.name, unit: item.unit, amount, on_hand: item.quantity }] : [];
      }),
    })),
  };
}
