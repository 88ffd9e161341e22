import type { Bench } from "./bench";

/** What a page's scripts are told, as one JSON block. All of it is public. */
export interface PageConfig {
  /** `/fern`: in front of every path of this shop. */
  base: string;
  organization_id: string;
  /** Public by nature: it stands in the script tag, too. */
  browser_key: string;
  user: { id: string; name: string; role: string };
  /** On the workbench: what it opens with. */
  bench?: Bench;
}

/** The id of the element that holds it. */
export const PAGE_CONFIG_ID = "page-config";
