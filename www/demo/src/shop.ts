import type { Craft, Tenant } from "./tenants";
import { CATALOGS } from "./catalog/index";

export type ItemType = "ingredient" | "container" | "product";

/** One thing on the shelf. Quantities are in `unit`, to a thousandth of it. */
export interface Item {
  id: number;
  name: string;
  type: ItemType;
  unit: string;
  quantity: number;
  /** Below this, it should be bought or made again. */
  low: number;
  cost_per_unit: number;
}

export interface RecipeLine {
  item_id: number;
  amount: number;
}

export interface Recipe {
  id: number;
  name: string;
  category: string;
  about: string;
  batch_type: "ingredient" | "product";
  /** What scale 1 gives, in `yield_unit`. */
  yield: number;
  yield_unit: string;
  /** The product that a finished batch adds to. */
  makes_item_id: number;
  prefix: string;
  lines: RecipeLine[];
  steps: string[];
}

export interface Batch {
  id: number;
  recipe_id: number;
  label_code: string;
  scale: number;
  status: "in_progress" | "completed" | "cancelled";
  started_at: number;
  ended_at: number | null;
  projected_yield: number;
  yield_unit: string;
  final_quantity: number | null;
  deductions: RecipeLine[];
}

export interface Timer {
  id: number;
  batch_id: number;
  description: string;
  duration_seconds: number;
  started_at: number;
  stopped_at: number | null;
}

export interface Adjustment {
  id: number;
  at: number;
  item_id: number;
  change_type: string;
  quantity_delta: number;
  new_quantity: number;
  notes: string;
  correlation_id: string;
}

/** One tenant's shop, in memory: it starts the same every time and forgets everything with the isolate. */
export interface Shop {
  craft: Craft;
  tagline: string;
  user: { id: string; name: string; role: string };
  items: Item[];
  recipes: Recipe[];
  batches: Batch[];
  timers: Timer[];
  adjustments: Adjustment[];
  journal: { title: string; text: string }[];
  next_id: number;
}

/** Oldest entries go first, so that a demo left running for weeks stays small. */
const MAX_KEPT = 200;

export function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > MAX_KEPT) list.shift();
}

export function nextId(shop: Shop): number {
  return shop.next_id++;
}

export const rounded = (quantity: number): number => Math.round(quantity * 1000) / 1000;

export const itemOf = (shop: Shop, id: number): Item | undefined => shop.items.find((i) => i.id === id);
export const recipeOf = (shop: Shop, id: number): Recipe | undefined => shop.recipes.find((r) => r.id === id);
export const batchOf = (shop: Shop, id: number): Batch | undefined => shop.batches.find((b) => b.id === id);

const DAY_MS = 86_400_000;

/** Three finished batches and one under way, so that no list is empty on the first visit. */
function sampleBatches(shop: Shop, now: number): void {
  const history = [
    { recipe: 0, scale: 1, daysAgo: 12, status: "completed" },
    { recipe: 1, scale: 2, daysAgo: 8, status: "completed" },
    { recipe: 2, scale: 0.5, daysAgo: 5, status: "cancelled" },
    { recipe: 1, scale: 1, daysAgo: 3, status: "completed" },
    { recipe: 3, scale: 1, daysAgo: 1, status: "in_progress" },
  ] as const;
  for (const { recipe: at, scale, daysAgo, status } of history) {
    const recipe = shop.recipes[at];
    if (!recipe) continue;
    const started_at = now - daysAgo * DAY_MS;
    const id = nextId(shop);
    shop.batches.push({
      id,
      recipe_id: recipe.id,
      label_code: labelCode(recipe, id, started_at),
      scale,
      status,
      started_at,
      ended_at: status === "in_progress" ? null : started_at + 0.3 * DAY_MS,
      projected_yield: rounded(recipe.yield * scale),
      yield_unit: recipe.yield_unit,
      final_quantity: status === "completed" ? rounded(recipe.yield * scale - 1) : null,
      deductions: recipe.lines.map((line) => ({ ...line, amount: rounded(line.amount * scale) })),
    });
  }
}

export function labelCode(recipe: Recipe, batchId: number, at: number): string {
  return `${recipe.prefix}-${new Date(at).getUTCFullYear()}-${String(batchId).padStart(3, "0")}`;
}

function open(craft: Craft, now: number): Shop {
  // A copy: the catalog is one object for the life of the isolate, shops change.
  const shop: Shop = { craft, ...structuredClone(CATALOGS[craft]), batches: [], timers: [], adjustments: [], next_id: 41 };
  sampleBatches(shop, now);
  return shop;
}

const shops = new Map<string, Shop>();

/** The tenant's shop, opened on its first request. */
export function shopOf(tenant: Tenant, craft: Craft, now: number): Shop {
  let shop = shops.get(tenant.slug);
  if (!shop) {
    shop = open(craft, now);
    shops.set(tenant.slug, shop);
  }
  return shop;
}
