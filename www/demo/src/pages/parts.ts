import { amount } from "../format";
import { html, type Hole, type Html } from "../html";
import type { Batch, Item } from "../shop";

export function heading(title: string, lead: Hole, aside: Hole = null): Html {
  return html`<header class="page-head"><div><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>${aside}</header>`;
}

const STATUS: Record<Batch["status"], string> = { in_progress: "under way", completed: "completed", cancelled: "cancelled" };

export function statusPill(status: Batch["status"]): Html {
  return html`<span class="pill pill-${status}">${STATUS[status]}</span>`;
}

/** On hand against the reorder mark: the bar is full at three times the mark. */
export function stockBar(item: Item): Html {
  const share = Math.min(100, (item.quantity / (item.low * 3)) * 100);
  return html`<svg class="stock-bar${isLow(item) && " is-low"}" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="${amount(item.quantity, item.unit)} on hand, reorder at ${amount(item.low, item.unit)}"><rect class="track" width="100" height="4"/><rect class="level" width="${share.toFixed(1)}" height="4"/><rect class="mark" x="33" width="0.7" height="4"/></svg>`;
}

export const isLow = (item: Item): boolean => item.quantity < item.low;
