import type { Shop } from "../shop";
import type { Craft } from "../tenants";
import { candle } from "./candle";
import { soap } from "./soap";
import { syrup } from "./syrup";

/** What a shop opens with. Ids are fixed, so that every start of the demo gives the same entities. */
export type Catalog = Pick<Shop, "tagline" | "user" | "items" | "recipes" | "journal">;

export const CATALOGS: Record<Craft, Catalog> = { soap, candle, syrup };
