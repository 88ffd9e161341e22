"use client";
// Next.js, App Router and Pages Router: React's provider, and the pattern of the route with each view.
import { createElement, type ReactElement } from "react";
// With their endings: the Pages Router's server leaves packages to Node, which wants them.
import { useParams, usePathname } from "next/navigation.js";
import { TallymarkProvider, type TallymarkProviderProps } from "./react.js";
import { learn, route } from "./next-routes.js";

export { useTallymark } from "./react.js";

/**
 * For the root layout or `_app`, around the page: starts the SDK when the page has mounted, gives
 * `useTallymark()` to what is inside, and sends `$route`, `/recipes/[id]`, with each view.
 */
export function Tallymark({ options, ...props }: TallymarkProviderProps): ReactElement {
  // Not on a server, where a prerender would have to wait for the request's parameters.
  if (typeof window != "undefined") learn(usePathname(), useParams());
  return createElement(TallymarkProvider, { options: options && { route, ...options }, ...props });
}
