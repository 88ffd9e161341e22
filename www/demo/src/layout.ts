import stub from "sdk:stub";
import { assetUrl } from "./assets";
import { html, jsonForScript, trusted, type Hole, type Html } from "./html";
import { emblem } from "./icons";
import { PAGE_CONFIG_ID, type PageConfig } from "./page-config";
import { panel } from "./panel";
import type { Craft } from "./tenants";

/** The layout's settings, named like those that it replaces (`POSTHOG_PROJECT_API_KEY`…). */
export interface LayoutConfig {
  TALLYMARK_KEY: string;
  TALLYMARK_SCRIPT: string;
  TALLYMARK_CAPTURE_PAGEVIEW: boolean;
  TALLYMARK_CAPTURE_PAGELEAVE: boolean;
}

const SECTIONS = [
  { path: "/", label: "Home" },
  { path: "/recipes", label: "Recipes" },
  { path: "/inventory", label: "Inventory" },
  { path: "/batches", label: "Batches" },
  { path: "/workbench", label: "Workbench" },
] as const;
export type Section = (typeof SECTIONS)[number]["path"];

function document(title: string, classes: string, head: Html, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${assetUrl("favicon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl("demo.css")}">
${head}
</head>
<body class="${classes}">
${body}
</body>
</html>`;
}

/** What a customer pastes: the stub takes calls are taken from here on, and the script comes when it comes. */
function analytics(config: LayoutConfig, nonce: string): Html {
  return html`<script nonce="${nonce}">${trusted(stub)}</script>
<script async src="${config.TALLYMARK_SCRIPT}" data-key="${config.TALLYMARK_KEY}" data-capture-pageview="${String(config.TALLYMARK_CAPTURE_PAGEVIEW)}" data-capture-pageleave="${String(config.TALLYMARK_CAPTURE_PAGELEAVE)}"></script>`;
}

export interface ShopPage {
  title: string;
  section: Section;
  craft: Craft;
  shop_name: string;
  tagline: string;
  config: LayoutConfig;
  page: PageConfig;
  nonce: string;
  main: Hole;
  workbench?: boolean;
}

/** The one layout that every page of every shop shares. */
export function shopLayout(p: ShopPage): Html {
  const { base, user } = p.page;
  const nav = SECTIONS.map(
    ({ path, label }) =>
      html`<li><a href="${base}${path}"${path === p.section && html` aria-current="page"`}>${label}</a></li>`,
  );
  return document(
    `${p.title} · ${p.shop_name}`,
    `tenant craft-${p.craft}`,
    html`${analytics(p.config, p.nonce)}
<script type="application/json" id="${PAGE_CONFIG_ID}" nonce="${p.nonce}">${jsonForScript(p.page)}</script>
<script type="module" src="${assetUrl("shop.js")}"></script>
<script type="module" src="${assetUrl("panel.js")}"></script>
${p.workbench && html`<script type="module" src="${assetUrl("workbench.js")}"></script>`}`,
    html`<a class="skip" href="#main">Skip to content</a>
<div class="frame">
<div class="shop">
<header class="masthead">
<a class="brand" href="${base}/">${emblem(p.craft)}<span>${p.shop_name}</span></a>
<p class="signed-in"><span class="avatar" aria-hidden="true">${initials(user.name)}</span><span class="name">${user.name}</span></p>
<nav aria-label="Shop"><ul>${nav}</ul></nav>
</header>
<main id="main" tabindex="-1">${p.main}</main>
<footer class="colophon"><p>${p.shop_name}. ${p.tagline}</p><p><a href="/">Other shops in this demo</a></p></footer>
</div>
${panel(p.page.organization_id)}
</div>`,
  );
}

/** For what belongs to no shop: the landing page and errors. It loads no SDK, since there is no tenant. */
export function plainLayout(title: string, main: Html): Html {
  return document(title, "plain", html``, html`<main id="main">${main}</main>`);
}

function initials(name: string): string {
  return name
    .split(" ")
    .map((part) => part.charAt(0))
    .join("");
}
