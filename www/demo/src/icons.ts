import type { Craft } from "./tenants";
import { html, trusted, type Html } from "./html";

const line = (paths: string): Html =>
  trusted(
    `<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`,
  );

/** Four strokes and one across: a thing counted. */
export const tally = line(
  '<path d="M5 4.5v15M9.7 4.5v15M14.3 4.5v15M19 4.5v15"/><path d="M2.5 16.5 21.5 7.5" stroke="var(--tally)" stroke-width="2"/>',
);
export const chevron = line('<path d="m6 15 6-6 6 6"/>');
export const arrow = line('<path d="M5 12h14M13 6l6 6-6 6"/>');
export const search = line('<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>');

const EMBLEM: Record<Craft, Html> = {
  soap: line('<path d="M12 21V8M12 13c-4 0-6.5-2-7-6 4 0 6.5 2 7 6ZM12 10c0-4 2-6.5 6-7.5.5 4-1.5 7-6 7.5ZM12 18c3.5 0 6-1.5 7-5-3.5-.5-6 1.5-7 5Z"/>'),
  candle: line('<path d="M12 3c2 2.2 2.6 3.6 2.6 4.800A2.6 2.6 0 0 1 12 10.4a2.6 2.6 0 0 1-2.6-2.6C9.4 6.6 10 5.2 12 3ZM12 10.4V13M7.5 13h9v8h-9zM7.5 16.5c2 1.5 3 0 4.5 0s2.5 1.5 4.5 0"/>'),
  syrup: line('<path d="M10 3h4v4.5l2.5 4V20a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-8.5l2.5-4zM7.5 14.5h9M10 5.5h4"/>'),
};

export const emblem = (craft: Craft): Html => html`<span class="emblem">${EMBLEM[craft]}</span>`;
