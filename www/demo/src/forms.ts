import { MANUAL_CHANGE_TYPES, type ChangeType, type DomainEvent } from "./domain-event";
import { adjust, Refused, type Action } from "./inventory";
import { createRecipe } from "./recipes";
import type { Shop } from "./shop";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The page names its action, so that its own event and the back end's belong together. Without script, we do. */
export function actionOf(correlation_id: unknown, now: number): Action {
  const named = typeof correlation_id === "string" && UUID.test(correlation_id);
  return { correlation_id: named ? correlation_id : crypto.randomUUID(), now };
}

const textOf = (form: FormData, field: string): string => {
  const value = form.get(field);
  return typeof value === "string" ? value.slice(0, 300) : "";
};

function changeTypeOf(form: FormData): ChangeType {
  const asked = textOf(form, "change_type");
  const known = MANUAL_CHANGE_TYPES.find((type) => type === asked);
  if (!known) throw new Refused("Choose what happened.");
  return known;
}

/** The field's number; `null` if it was left empty. */
function numberOf(form: FormData, field: string): number | null {
  const text = textOf(form, field).trim();
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Refused(`“${text}” isn’t a number.`);
  return text === "" ? null : number;
}

export interface Submitted {
  event: DomainEvent;
  action: Action;
  /** Where the result is shown, below the shop's base. */
  path: string;
}

export function submitAdjustment(shop: Shop, item_id: number, form: FormData, now: number): Submitted {
  const action = actionOf(form.get("correlation_id"), now);
  const quantity = numberOf(form, "quantity");
  if (quantity === null) throw new Refused("Say how much.");
  const event = adjust(
    shop,
    {
      item_id,
      change_type: changeTypeOf(form),
      quantity,
      notes: textOf(form, "notes"),
      cost_override: numberOf(form, "cost_override"),
    },
    action,
  );
  return { event, action, path: `/inventory?adjustment=${shop.adjustments.at(-1)?.id}` };
}

export function submitRecipe(shop: Shop, form: FormData, now: number): Submitted {
  const action = actionOf(form.get("correlation_id"), now);
  const { recipe, event } = createRecipe(shop, {
    name: textOf(form, "name"),
    about: textOf(form, "about"),
    based_on: Number(textOf(form, "based_on")),
  });
  return { event, action, path: `/recipes/${recipe.id}` };
}
