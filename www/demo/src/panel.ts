import { html, type Html } from "./html";
import { chevron, tally } from "./icons";

const FIGURES = [
  { field: "captured", label: "captured", before: "" },
  { field: "stored", label: "stored", before: "=" },
  { field: "quarantined", label: "quarantined", before: "+" },
  { field: "dropped", label: "dropped", before: "+" },
  { field: "under_way", label: "under way", before: "+" },
];

const TABS = [
  { id: "store", label: "Store" },
  { id: "tab", label: "This tab" },
  { id: "ledger", label: "Ledger" },
  { id: "try", label: "Try it" },
];

const EXPERIMENTS = [
  {
    id: "bad",
    title: "Send one bad event among good ones",
    text: "A batch of three goes straight to /batch/. The second gives its scale in words, where the tracking plan wants a number. The other two are stored; it is quarantined, and stands in the list with the rule that it broke.",
    action: "Send the batch",
  },
  {
    id: "forge",
    title: "Claim from the page what only a back end may say",
    text: "The page captures inventory_adjusted by itself. Its key is a page’s, whatever the event says: the plan has that name for back ends alone, so no stock can be forged from a browser’s console.",
    action: "Try to forge it",
  },
  {
    id: "repeat",
    title: "Send the same batch five times",
    text: "Three events, fifteen deliveries. Every event has its id from the moment of capture, so the store gains three rows and the ledger counts twelve duplicates.",
    action: "Send it five times",
  },
  {
    id: "drop",
    title: "Capture what can’t be written down",
    text: "Properties that contain themselves have no JSON. The SDK gives the event its number, drops it, and says so: the ledger gains one dropped, with its reason.",
    action: "Capture it",
  },
];

/** The frame of the live view beside the shop; client/panel.entry.ts fills it. */
export function panel(organization_id: string): Html {
  return html`<aside class="panel" id="panel" aria-label="Tallymark, live">
<header class="panel-head">
<button type="button" class="panel-toggle" id="panel-toggle" aria-expanded="false" aria-controls="panel-body">
<span class="panel-brand">${tally}<span class="panel-name">Tallymark</span></span>
<span class="panel-brief" id="panel-brief">connecting</span>
<span class="panel-chevron">${chevron}</span>
</button>
<p class="panel-org"><span class="pulse" id="pulse"></span><span id="pulse-text">connecting</span><code>${organization_id}</code></p>
</header>
<div class="panel-body" id="panel-body">
<section class="equation" aria-labelledby="equation-title">
<div class="equation-head"><h2 id="equation-title">Everything is accounted for</h2><p class="balance" id="balance" hidden></p></div>
<dl class="figures">${FIGURES.map(
    ({ field, label, before }) =>
      html`<div class="figure figure-${field}"><dt>${label}</dt><dd>${before && html`<span class="operator" aria-hidden="true">${before}</span>`}<span data-figure="${field}">–</span></dd></div>`,
  )}</dl>
<svg class="shares" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" id="shares"></svg>
</section>
<div class="tabs" role="tablist" aria-label="Views">${TABS.map(
    ({ id, label }, i) =>
      html`<button type="button" role="tab" id="tab-${id}" aria-controls="view-${id}" aria-selected="${i === 0 ? "true" : "false"}" tabindex="${i === 0 ? "0" : "-1"}">${label}</button>`,
  )}</div>
<section role="tabpanel" id="view-store" aria-labelledby="tab-store" tabindex="0">
<div class="filter"><label><input type="checkbox" id="domain-only"><span>Only the shop’s own events</span></label><button type="button" class="chip" id="pair-filter" hidden></button></div>
<ol class="rows" id="rows"></ol>
<p class="empty" id="rows-empty">No rows yet. Do something in the shop.</p>
</section>
<section role="tabpanel" id="view-tab" aria-labelledby="tab-tab" tabindex="0" hidden>
<dl class="counts"><div><dt>captured</dt><dd id="tab-captured">0</dd></div><div><dt>acknowledged</dt><dd id="tab-sent">0</dd></div><div><dt>in the store</dt><dd id="tab-stored">0</dd></div><div><dt>dropped</dt><dd id="tab-dropped">0</dd></div></dl>
<p class="note" id="tab-note"></p>
<ol class="rows" id="tab-rows"></ol>
<p class="empty" id="tab-empty">Nothing captured in this tab so far.</p>
</section>
<section role="tabpanel" id="view-ledger" aria-labelledby="tab-ledger" tabindex="0" hidden>
<div id="days"></div>
<p class="empty" id="days-empty">The ledger opens with the first event.</p>
</section>
<section role="tabpanel" id="view-try" aria-labelledby="tab-try" tabindex="0" hidden>
${EXPERIMENTS.map(
    ({ id, title, text, action }) => html`<article class="experiment">
<h3>${title}</h3><p>${text}</p>
<button type="button" class="button button-quiet" data-experiment="${id}">${action}</button>
<div class="outcome" data-outcome="${id}" role="status" hidden></div>
</article>`,
  )}
</section>
</div>
<p class="visually-hidden" role="status" id="announcer"></p>
</aside>`;
}
