import { day } from "../format";
import { html, type Html } from "../html";
import { arrow } from "../icons";
import type { PageContext } from "./context";
import { heading, statusPill } from "./parts";

const FILTERS = [
  { value: "", label: "All" },
  { value: "in_progress", label: "Under way" },
  { value: "completed", label: "Completed" },
  { value: "cancelled", label: "Cancelled" },
];

export function batches({ base, shop, url }: PageContext): Html {
  const status = url.searchParams.get("status") ?? "";
  const shown = shop.batches.filter((b) => status === "" || b.status === status).reverse();
  return html`${heading(
    "Batches",
    "Everything that was ever on the bench, newest first. A label code leads back to its recipe and its shelf.",
    html`<a class="button" href="${base}/workbench/start">Start a batch ${arrow}</a>`,
  )}
<p class="segmented">${FILTERS.map(
    ({ value, label }) =>
      html`<a href="${base}/batches${value && `?status=${value}`}"${value === status && html` aria-current="true"`}>${label}</a>`,
  )}</p>
${
  shown.length === 0
    ? html`<p class="empty">None with that status.</p>`
    : html`<table class="ledger-table batches">
<thead><tr><th scope="col">Label</th><th scope="col">Recipe</th><th scope="col" class="number">Scale</th><th scope="col" class="number">Yield</th><th scope="col">Started</th><th scope="col">Status</th></tr></thead>
<tbody>${shown.map(
        (b) => html`<tr><th scope="row"><a href="${base}/workbench/batch/${b.id}"><code>${b.label_code}</code></a></th>
<td data-label="Recipe"><a href="${base}/recipes/${b.recipe_id}">${shop.recipes.find((r) => r.id === b.recipe_id)?.name}</a></td>
<td data-label="Scale" class="number">${b.scale}×</td>
<td data-label="Yield" class="number">${b.final_quantity ?? b.projected_yield} ${b.yield_unit}</td>
<td data-label="Started"><time datetime="${new Date(b.started_at).toISOString()}">${day(b.started_at)}</time></td>
<td data-label="Status">${statusPill(b.status)}</td></tr>`,
      )}</tbody>
</table>`
}
<section class="block prose"><h2>How a batch is counted</h2>
<p>When a batch starts, its ingredients leave the shelf: one <code>inventory_adjusted</code> for each, sent by the back end with the change type <code>batch</code>. When it is done, what came of it goes onto the shelf as <code>finished_batch</code>. When it is cancelled, everything goes back as <code>release_reservation</code>.</p>
<p>The page itself reports <code>batch_started</code>, <code>batch_completed</code> or <code>batch_cancelled</code>, and only once the answer is there. One correlation id ties all of them together, so a question such as “what did this batch cost?” is one query and not a guess.</p>
</section>`;
}
