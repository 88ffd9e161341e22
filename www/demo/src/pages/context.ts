import type { Shop } from "../shop";

/** What every page of a shop is made from. */
export interface PageContext {
  /** `/fern`: in front of every path. */
  base: string;
  shop: Shop;
  url: URL;
  now: number;
}
