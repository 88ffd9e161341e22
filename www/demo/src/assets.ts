import panelScript from "client:panel";
import shopScript from "client:shop";
import workbenchScript from "client:workbench";
import favicon from "./favicon.svg";
import { asset } from "./respond";
import baseStyles from "./styles/base.css";
import landingStyles from "./styles/landing.css";
import panelStyles from "./styles/panel.css";
import shopStyles from "./styles/shop.css";
import workbenchStyles from "./styles/workbench.css";

const JAVASCRIPT = "text/javascript";

const FILES = {
  "demo.css": { text: [baseStyles, shopStyles, workbenchStyles, panelStyles, landingStyles].join("\n"), type: "text/css" },
  "shop.js": { text: shopScript, type: JAVASCRIPT },
  "panel.js": { text: panelScript, type: JAVASCRIPT },
  "workbench.js": { text: workbenchScript, type: JAVASCRIPT },
  "favicon.svg": { text: favicon, type: "image/svg+xml" },
};
type AssetName = keyof typeof FILES;

/** FNV-1a: a new content must give a new URL, no more is asked of it. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(36);
}

/** The URL of an asset, which changes with its content. */
export function assetUrl(name: AssetName): string {
  return `/assets/${name}?v=${hash(FILES[name].text)}`;
}

export function serveAsset(name: string): Response | null {
  if (!Object.hasOwn(FILES, name)) return null;
  const { text, type } = FILES[name as AssetName];
  return asset(text, type);
}
