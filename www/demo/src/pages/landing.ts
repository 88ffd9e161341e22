import { html, type Html } from "../html";
import { arrow, emblem, tally } from "../icons";
import { CATALOGS } from "../catalog/index";
import { craftOf, type Tenant } from "../tenants";

export function landing(all: readonly Tenant[]): Html {
  return html`<div class="landing">
<p class="wordmark">${tally}<span>Tallymark</span></p>
<h1>Every event, accounted for.</h1>
<p class="lead">These are the workshops of small makers, each a tenant of one application that measures itself with Tallymark. Whatever you do in one is captured in the page by a small WebAssembly SDK, or sent by the back end, and lands in that tenant’s own <code>domain_event</code> table. Beside the shop you watch it arrive, and a ledger shows that nothing was lost and nothing counted twice.</p>
<p class="formula" aria-label="captured equals stored plus quarantined plus dropped plus under way"><span>captured</span><i>=</i><span>stored</span><i>+</i><span>quarantined</span><i>+</i><span>dropped</span><i>+</i><span>under way</span></p>
<h2>Choose a workshop</h2>
<ul class="doors">${all.map((tenant) => {
    const craft = craftOf(tenant, all);
    const { tagline, user } = CATALOGS[craft];
    return html`<li class="craft-${craft}"><a class="door" href="/${tenant.slug}/">${emblem(craft)}<span class="door-name">${tenant.name}</span><span class="door-line">${tagline}</span><span class="door-user">Enter as ${user.name} ${arrow}</span></a></li>`;
  })}</ul>
<p class="meta">Each has its own keys, its own log and its own ledger. Open two side by side: neither sees the other.</p>
</div>`;
}

export function notFound(path: string): Html {
  return html`<div class="landing"><p class="wordmark">${tally}<span>Tallymark</span></p><h1>Nothing here.</h1><p class="lead">There is no page at <code>${path}</code>. <a href="/">Choose a workshop</a>.</p></div>`;
}
