import { CHANGE_TYPES, MANUAL_CHANGE_TYPES } from "../domain-event";
import { amount, change, shortId, words } from "../format";
import { html, type Html } from "../html";
import { itemOf, type Item, type ItemType } from "../shop";
import type { PageContext } from "./context";
import { movements } from "./home";
import { heading, isLow, stockBar } from "./parts";

const GROUPS: { type: ItemType; title: string }[] = [
  { type: "ingredient", title: "Ingredients" },
  { type: "container", title: "Packaging" },
  { type: "product", title: "Ready to sell" },
];

export function inventory(context: PageContext, refusal: { item_id: number; text: string } | null = null): Html {
  const { base, shop, url } = context;
  const lowOnly = url.searchParams.has("low");
  const shown = shop.items.filter((item) => !lowOnly || isLow(item));
  return html`${heading(
    "Inventory",
    "Open a line to adjust it. Every change is written down twice: by this page, and by the back end that made it.",
    html`<p class="segmented"><a href="${base}/inventory"${!lowOnly && html` aria-current="true"`}>All</a><a href="${base}/inventory?low=1"${lowOnly && html` aria-current="true"`}>Low only</a></p>`,
  )}
${justAdjusted(context)}
${GROUPS.map(({ type, title }) => {
    const items = shown.filter((item) => item.type === type);
    return (
      items.length > 0 &&
      html`<section class="block"><h2>${title}</h2><ul class="stock">${items.map((item) => line(base, item, refusal))}</ul></section>`
    );
  })}
${movements(shop)}`;
}

function line(base: string, item: Item, refusal: { item_id: number; text: string } | null): Html {
  const refused = refusal?.item_id === item.id ? refusal.text : null;
  return html`<li id="item-${item.id}"><details${refused && html` open`}>
<summary><span class="stock-name">${item.name}</span>${stockBar(item)}<span class="number">${amount(item.quantity, item.unit)}</span></summary>
<form class="fields" method="post" action="${base}/inventory/${item.id}" data-capture-form="inventory_form_submitted" data-entity-type="inventory_item" data-entity-id="${item.id}">
${refused && html`<p class="refusal wide" role="alert">${refused}</p>`}
<input type="hidden" name="correlation_id" value="">
<label>What happened<select name="change_type">${MANUAL_CHANGE_TYPES.map(
    (type) => html`<option value="${type}">${words(type)} (${CHANGE_TYPES[type]})</option>`,
  )}</select></label>
<label>Quantity, ${item.unit}<input name="quantity" type="number" inputmode="decimal" min="0" step="any" required></label>
<label>Unit cost in €, if not ${item.cost_per_unit}<input name="cost_override" type="number" inputmode="decimal" min="0" step="any"></label>
<label>Notes<input name="notes" maxlength="200" autocomplete="off"></label>
<div class="actions"><button class="button">Record</button></div>
</form>
</details></li>`;
}

/** What the last form did, told as the two events that it became. */
function justAdjusted({ shop, url }: PageContext): Html | null {
  const done = shop.adjustments.find((a) => a.id === Number(url.searchParams.get("adjustment")));
  const item = done && itemOf(shop, done.item_id);
  if (!done || !item) return null;
  return html`<section class="told" role="status">
<p><strong>${item.name}: ${change(done.quantity_delta, item.unit)}</strong>, now ${amount(done.new_quantity, item.unit)}.</p>
<ol class="pair"><li><span class="source source-browser">browser</span><code>inventory_form_submitted</code><span class="meta">captured by this page</span></li>
<li><span class="source source-server">server</span><code>inventory_adjusted</code><span class="meta">sent by the back end, with its secret key</span></li></ol>
<p class="meta">Both carry the correlation id <code>…${shortId(done.correlation_id)}</code>. <button type="button" class="linklike" data-show-pair="${done.correlation_id}">Show the pair in the store</button></p>
</section>`;
}
