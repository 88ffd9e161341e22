"use client";
// React: a provider that starts the SDK once the page lives, and a hook that gives it to components.
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useEffect, useState } from "react";
import { init, type Options, type Tallymark } from "../index.js";

/** What `<TallymarkProvider>` takes: options to start with, or a client that is there, as in a test. */
export interface TallymarkProviderProps {
  /** Options of `init`. Read once, on mount. */
  options?: Options;
  /** A client to hand down instead of starting one. */
  client?: Tallymark;
  children?: ReactNode;
}

const Context = createContext<Tallymark | undefined>(undefined);

/** A client that does nothing: there is no key to start with. */
const inert = (): Tallymark => init({ key: "" });

/**
 * Starts with the first call of a method: effects of children run before the provider's, and what they capture
 * must not be lost.
 */
function lazy(options: Options): Tallymark {
  const later = (name: string) => [
    name,
    (...given: unknown[]) => (init(options)[name as keyof Tallymark] as (...given: unknown[]) => unknown)(...given),
  ];
  return Object.fromEntries(Object.keys(inert()).map(later)) as Tallymark;
}

/**
 * Gives `useTallymark()` to what is inside. Rendering starts nothing, on a server either; mounting starts the
 * SDK, once, under StrictMode or with a second provider as well.
 */
export function TallymarkProvider({ options, client, children }: TallymarkProviderProps): ReactElement {
  const [value] = useState(() => client ?? (options ? lazy(options) : inert()));
  useEffect(() => {
    if (options && !client) init(options);
  }, []);
  return createElement(Context.Provider, { value }, children);
}

/** The client; the same object in every render. Without a provider it is one that does nothing. */
export const useTallymark = (): Tallymark => useContext(Context) ?? inert();
