import { html, type Html } from "../html";
import { search } from "../icons";
import type { PageContext } from "./context";
import { heading } from "./parts";

export function recipes({ base, shop, url }: PageContext, refusal: string | null = null): Html {
  const wanted = (url.searchParams.get("q") ?? "").trim().slice(0, 80);
  const needle = wanted.toLowerCase();
  const found = shop.recipes.filter((r) => `${r.name} ${r.category} ${r.about}`.toLowerCase().includes(needle));
  return html`${heading("Recipes", "The book. Open one to scale it to today’s kettle or mould.")}
<form class="search" role="search" method="get" action="${base}/recipes" data-capture-search="${found.length}">
<label class="visually-hidden" for="q">Search the recipes</label>${search}<input id="q" name="q" type="search" value="${wanted}" placeholder="Name, kind or word" maxlength="80"><button class="button button-quiet">Search</button>
</form>
${
  found.length === 0
    ? html`<p class="empty">No recipe mentions “${wanted}”.</p>`
    : html`<ul class="cards">${found.map(
        (r) => html`<li class="card card-recipe"><p class="kind">${r.category}</p><a class="cover" href="${base}/recipes/${r.id}"><h3>${r.name}</h3></a><p>${r.about}</p><p class="meta">${r.yield} ${r.yield_unit} · ${r.lines.length} ingredients · ${r.steps.length} steps</p></li>`,
      )}</ul>`
}
<section class="block sheet" id="new">
<h2>Write a new recipe</h2>
<p class="meta">A variation: it starts with the lines and steps of another one.</p>
${refusal && html`<p class="refusal" role="alert">${refusal}</p>`}
<form class="fields" method="post" action="${base}/recipes" data-capture-form="recipe_form_submitted">
<input type="hidden" name="correlation_id" value="">
<label>Name<input name="name" required maxlength="80" autocomplete="off"></label>
<label>Varies<select name="based_on">${shop.recipes.map((r) => html`<option value="${r.id}">${r.name}</option>`)}</select></label>
<label class="wide">What is different<textarea name="about" rows="2" maxlength="300"></textarea></label>
<div class="actions"><button class="button">Add to the book</button></div>
</form>
</section>`;
}
