import stub from "sdk:stub";
import { assetUrl } from "./assets";
import { html, jsonForScript, trusted, type Hole, type Html } from "./html";
import { emblem } from "./icons";
import { PAGE_CONFIG_ID, type PageConfig } from "./page-config";
import { panel } from "./panel";
import type { Craft } from "./tenants";

/** The layout's settings, named as in the layouts that it stands for; docs/LAYOUTS.md shows those. */
export interface LayoutConfig {
  POSTHOG_PROJECT_API_KEY?: string;
  POSTHOG_HOST?: string;
  POSTHOG_CAPTURE_PAGEVIEW?: boolean;
  POSTHOG_CAPTURE_PAGELEAVE?: boolean;
  /** Used where there is no PostHog key: one SDK speaks to one. */
  GOOGLE_ANALYTICS_MEASUREMENT_ID?: string;
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
  const { POSTHOG_PROJECT_API_KEY: key, GOOGLE_ANALYTICS_MEASUREMENT_ID: id } = config;
  if (!key && !id) return html``;
  const { POSTHOG_CAPTURE_PAGEVIEW: view = true, POSTHOG_CAPTURE_PAGELEAVE: leave = true } = config;
  const tag = key
    ? html`<script async src="/tm.js" data-key="${key}" data-host="${hostOf(config)}" data-capture-pageview="${String(view)}" data-capture-pageleave="${String(leave)}"></script>`
    : html`<script async src="/tm.js" data-dialect="ga4" data-measurement-id="${id!}"></script>`;
  return html`<script nonce="${nonce}">${trusted(stub)}</script>
${tag}`;
}

/** Who is sent to: what the page's policy has to allow. */
export function hostOf({ POSTHOG_PROJECT_API_KEY, POSTHOG_HOST }: LayoutConfig): string {
  return POSTHOG_PROJECT_API_KEY ? POSTHOG_HOST || "https://us.i.posthog.com" : "https://www.google-analytics.com";
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
