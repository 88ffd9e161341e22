import { html, type Html } from "../html";

/** The shell of the single-page part: client/workbench.entry.ts draws its views and routes between them. */
export function workbench(base: string): Html {
  return html`<div id="bench" class="bench" data-base="${base}/workbench"><noscript><p class="refusal">The workbench is a single-page application and needs JavaScript. Recipes, inventory and batches do not.</p></noscript></div>`;
}
