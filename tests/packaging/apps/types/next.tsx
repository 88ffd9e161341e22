import type { ReactNode } from "react";
import { Tallymark, useTallymark } from "tallymark/next";

export function Layout({ children }: { children: ReactNode }) {
  useTallymark().identify("user-1");
  return <Tallymark options={{ key: "wk_1" }}>{children}</Tallymark>;
}

// @ts-expect-error Options are an object.
export const wrong = <Tallymark options="wk_1" />;
