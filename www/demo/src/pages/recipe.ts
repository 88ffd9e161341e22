import { SCALE, shortages } from "../batches";
import { amount } from "../format";
import { html, type Html } from "../html";
import { arrow } from "../icons";
import { itemOf, rounded, type Recipe } from "../shop";
import type { PageContext } from "./context";
import { heading } from "./parts";

const PRESETS = [0.5, 1, 2, 3];

/** The scale from the URL, so that the page works without script; the script takes over from there. */
function scaleOf(url: URL): number {
  const asked = Number(url.searchParams.get("scale") ?? 1);
  return asked >= SCALE.min && asked <= SCALE.max ? asked : 1;
}

export function recipe({ base, shop, url }: PageContext, recipe: Recipe): Html {
  const scale = scaleOf(url);
  const missing = shortages(shop, recipe, scale);
  const cost = recipe.lines.reduce((sum, l) => sum + l.amount * (itemOf(shop, l.item_id)?.cost_per_unit ?? 0), 0);
  return html`<p class="crumb"><a href="${base}/recipes">Recipes</a> <span class="meta">/ ${recipe.category}</span></p>
${heading(recipe.name, recipe.about)}
<section class="sheet scaler" data-recipe="${recipe.id}" data-name="${recipe.name}" data-yield="${recipe.yield}" data-unit="${recipe.yield_unit}" data-start="${base}/workbench/start">
<form method="get" class="scale-form">
<div class="scale-head"><label for="scale">Scale</label><output for="scale" class="scale-value">${scale}×</output></div>
<input id="scale" name="scale" type="range" min="${SCALE.min}" max="${SCALE.max}" step="${SCALE.step}" value="${scale}">
<div class="presets">${PRESETS.map(
    (p) => html`<button class="chip" name="scale" value="${p}" aria-pressed="${String(p === scale)}">${p}×</button>`,
  )}</div>
</form>
<dl class="facts">
<div><dt>Makes</dt><dd data-makes>${amount(rounded(recipe.yield * scale), recipe.yield_unit)}</dd></div>
<div><dt>Materials</dt><dd><span data-cost="${cost.toFixed(4)}">${(cost * scale).toFixed(2)}</span> €</dd></div>
<div><dt>Steps</dt><dd>${recipe.steps.length}</dd></div>
</dl>
</section>
<section class="block">
<h2>Ingredients</h2>
<table class="ingredients">
<thead><tr><th scope="col">Item</th><th scope="col" class="number">Amount</th><th scope="col" class="number">On hand</th></tr></thead>
<tbody>${recipe.lines.map((line) => {
    const item = itemOf(shop, line.item_id);
    if (!item) return null;
    const need = rounded(line.amount * scale);
    return html`<tr data-amount="${line.amount}" data-on-hand="${item.quantity}" data-unit="${item.unit}" class="${need > item.quantity ? "is-short" : ""}"><th scope="row">${item.name}</th><td class="number" data-need>${amount(need, item.unit)}</td><td class="number meta">${amount(item.quantity, item.unit)}</td></tr>`;
  })}</tbody>
</table>
<p class="shortage" data-shortage role="status">${missing.join(" · ")}</p>
<p><a class="button" data-start-link href="${base}/workbench/start?recipe=${recipe.id}&amp;scale=${scale}">Take it to the workbench ${arrow}</a></p>
</section>
<section class="block"><h2>Method</h2><ol class="steps">${recipe.steps.map((step) => html`<li>${step}</li>`)}</ol></section>
<section class="block journal"><h2>Read before you begin</h2>${shop.journal.map(
    (entry) => html`<article><h3>${entry.title}</h3><p>${entry.text}</p></article>`,
  )}</section>`;
}
