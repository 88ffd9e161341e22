import { PAGE_CONFIG_ID, type PageConfig } from "../page-config";
import { byId } from "./dom";

/** What the server told this page. */
export const config = JSON.parse(byId(PAGE_CONFIG_ID).textContent ?? "{}") as PageConfig;
