import { amount, change, clock, day, words } from "../format";
import { html, type Html } from "../html";
import { arrow } from "../icons";
import { itemOf, type Shop } from "../shop";
import type { PageContext } from "./context";
import { heading, isLow, statusPill, stockBar } from "./parts";

export function home({ base, shop, now }: PageContext): Html {
  const underWay = shop.batches.filter((b) => b.status === "in_progress");
  const low = shop.items.filter(isLow);
  const running = shop.timers.filter((t) => t.stopped_at === null);
  const first = shop.user.name.split(" ")[0] ?? shop.user.name;
  return html`${heading(`Good day, ${first}.`, `${day(now)}. Here is the bench, the shelf, and what wants doing.`)}
<ul class="tiles">
${tile(`${base}/workbench`, underWay.length, "under way")}
${tile(`${base}/workbench`, running.length, running.length === 1 ? "timer running" : "timers running")}
${tile(`${base}/inventory?low=1`, low.length, "low on the shelf")}
${tile(`${base}/recipes`, shop.recipes.length, "recipes in the book")}
</ul>
<section class="block">
<div class="block-head"><h2>On the bench</h2><a class="more" href="${base}/workbench">Open the workbench ${arrow}</a></div>
${
  underWay.length === 0
    ? html`<p class="empty">Nothing under way.</p>`
    : html`<ul class="cards">${underWay.map(
        (batch) => html`<li class="card"><a class="cover" href="${base}/workbench/batch/${batch.id}"><h3>${shop.recipes.find((r) => r.id === batch.recipe_id)?.name}</h3></a>
<p class="meta"><code>${batch.label_code}</code> since ${day(batch.started_at)}</p><p>${batch.projected_yield} ${batch.yield_unit} expected</p>${statusPill(batch.status)}</li>`,
      )}</ul>`
}
</section>
<section class="block">
<div class="block-head"><h2>Low on the shelf</h2><a class="more" href="${base}/inventory">All inventory ${arrow}</a></div>
${
  low.length === 0
    ? html`<p class="empty">Everything is above its reorder mark.</p>`
    : html`<ul class="lines">${low.map(
        (item) => html`<li><a href="${base}/inventory#item-${item.id}">${item.name}</a>${stockBar(item)}<span class="number">${amount(item.quantity, item.unit)}</span></li>`,
      )}</ul>`
}
</section>
${movements(shop)}
<section class="block journal"><h2>From the workshop journal</h2>
${shop.journal.map((entry) => html`<article><h3>${entry.title}</h3><p>${entry.text}</p></article>`)}
</section>`;
}

function tile(href: string, figure: number, label: string): Html {
  return html`<li><a class="tile" href="${href}"><span class="tile-figure">${figure}</span><span class="tile-label">${label}</span></a></li>`;
}

const RECENT = 6;

/** The newest changes of quantity; nothing at all before the first one. */
export function movements(shop: Shop): Html | null {
  const recent = shop.adjustments.slice(-RECENT).reverse();
  if (recent.length === 0) return null;
  return html`<section class="block"><h2>Latest movements</h2><ul class="lines">${recent.map((a) => {
    const item = itemOf(shop, a.item_id);
    return html`<li><span><strong>${item?.name}</strong> <span class="meta">${words(a.change_type)}${a.notes && ` · ${a.notes}`}</span></span><time class="meta" datetime="${new Date(a.at).toISOString()}">${clock(a.at)}</time><span class="number">${change(a.quantity_delta, item?.unit ?? "")}</span></li>`;
  })}</ul></section>`;
}
