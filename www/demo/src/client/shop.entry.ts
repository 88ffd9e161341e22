// What the shop's own pages do: who is here, and what they did.
import { amount } from "../format";
import { capture } from "./capture";
import { config } from "./page-config";

const { tallymark } = window;

// An id is all that analytics needs to know of a person.
tallymark.identify(config.user.id);
tallymark.group("organization", config.organization_id);

/** A form names its action, captures it, and hands the same id to the back end with its fields. */
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-capture-form]")) {
  form.addEventListener("submit", () => {
    const correlationId = crypto.randomUUID();
    const field = form.elements.namedItem("correlation_id");
    if (field instanceof HTMLInputElement) field.value = correlationId;
    const { captureForm = "", entityType, entityId } = form.dataset;
    const data = new FormData(form);
    const entity = entityType && entityId ? { entity: { type: entityType, id: entityId } } : {};
    const options = { ...entity, correlationId };
    if (captureForm === "recipe_form_submitted") capture(captureForm, { based_on: Number(data.get("based_on")) }, options);
    if (captureForm === "inventory_form_submitted") {
      const change_type = String(data.get("change_type"));
      capture(captureForm, { change_type, quantity: Number(data.get("quantity")), has_notes: data.get("notes") !== "" }, options);
    }
  });
}

const query = new URLSearchParams(location.search).get("q");
const searched = document.querySelector<HTMLElement>("[data-capture-search]");
if (searched && query) {
  capture("recipe_searched", { query, result_count: Number(searched.dataset.captureSearch) });
}

const scaler = document.querySelector<HTMLElement>("[data-recipe]");
if (scaler) watchScale(scaler);

/** Scaling happens in the page; without script the same form asks the server. */
function watchScale(recipe: HTMLElement): void {
  const form = recipe.querySelector("form");
  const range = recipe.querySelector<HTMLInputElement>("#scale");
  if (!form || !range) return;
  let settled = Number(range.value);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter instanceof HTMLButtonElement) range.value = event.submitter.value;
    settle("preset");
  });
  range.addEventListener("input", () => show(recipe, Number(range.value)));
  range.addEventListener("change", () => settle("slider"));

  function settle(method: "preset" | "slider"): void {
    const scale = Number(range?.value);
    show(recipe, scale);
    if (scale === settled) return;
    const { recipe: id = "", name = "", unit = "" } = recipe.dataset;
    capture(
      "recipe_scaled",
      {
        recipe_id: Number(id),
        recipe_name: name,
        from_scale: settled,
        scale,
        projected_yield: Number(recipe.dataset.yield) * scale,
        projected_yield_unit: unit,
        method,
      },
      { entity: { type: "recipe", id } },
    );
    settled = scale;
  }
}

function show(recipe: HTMLElement, scale: number): void {
  const put = (selector: string, text: string): void => {
    const element = document.querySelector(selector);
    if (element) element.textContent = text;
  };
  put(".scale-value", `${scale}×`);
  put("[data-makes]", amount(Number(recipe.dataset.yield) * scale, recipe.dataset.unit ?? ""));
  const cost = document.querySelector<HTMLElement>("[data-cost]");
  if (cost) cost.textContent = (Number(cost.dataset.cost) * scale).toFixed(2);
  for (const button of recipe.querySelectorAll<HTMLButtonElement>(".presets button")) {
    button.ariaPressed = String(Number(button.value) === scale);
  }
  const short: string[] = [];
  for (const row of document.querySelectorAll<HTMLElement>("tr[data-amount]")) {
    const { amount: one, onHand, unit = "" } = row.dataset;
    const need = Number(one) * scale;
    const lacking = need - Number(onHand);
    row.classList.toggle("is-short", lacking > 0);
    const cell = row.querySelector("[data-need]");
    if (cell) cell.textContent = amount(need, unit);
    if (lacking > 0) short.push(`${row.querySelector("th")?.textContent}: ${amount(lacking, unit)} short`);
  }
  put("[data-shortage]", short.join(" · "));
  const link = document.querySelector<HTMLAnchorElement>("[data-start-link]");
  if (link) link.href = `${recipe.dataset.start}?recipe=${recipe.dataset.recipe}&scale=${scale}`;
}

// An item that the URL names is opened, so that a link from elsewhere leads to its form.
const opened = document.querySelector<HTMLDetailsElement>("li:target > details");
if (opened) opened.open = true;
