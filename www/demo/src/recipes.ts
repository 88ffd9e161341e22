import type { DomainEvent } from "./domain-event";
import { Refused } from "./inventory";
import { nextId, type Recipe, type Shop } from "./shop";

/** A demo shop's book has no more pages than this. */
const MAX_RECIPES = 40;
const MAX_NAME = 80;

/** A new recipe takes over the lines and steps of the one that it varies. */
export function createRecipe(
  shop: Shop,
  request: { name: string; about: string; based_on: number },
): { recipe: Recipe; event: DomainEvent } {
  const model = shop.recipes.find((r) => r.id === request.based_on);
  const name = request.name.trim();
  if (!model) throw new Refused("Choose the recipe that it varies.");
  if (name === "" || name.length > MAX_NAME) throw new Refused(`A recipe needs a name of at most ${MAX_NAME} letters.`);
  if (shop.recipes.length >= MAX_RECIPES) throw new Refused("The book is full: this is a demo.");
  const recipe: Recipe = { ...structuredClone(model), id: nextId(shop), name, about: request.about.trim() || model.about };
  shop.recipes.push(recipe);
  return {
    recipe,
    event: {
      event_name: "recipe_created",
      entity_type: "recipe",
      entity_id: String(recipe.id),
      properties: {
        name,
        category: recipe.category,
        batch_type: recipe.batch_type,
        predicted_yield: recipe.yield,
        predicted_yield_unit: recipe.yield_unit,
        ingredient_count: recipe.lines.length,
      },
    },
  };
}
