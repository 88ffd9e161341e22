import { TallymarkProvider, type TallymarkProviderProps, useTallymark } from "tallymark/react";
import type { Tallymark } from "tallymark";

function Recipe() {
  const tallymark: Tallymark = useTallymark();
  return <button onClick={() => tallymark.capture("recipe_scaled", { scale: 2 })}>Scale</button>;
}

export const application = (client: Tallymark, props: TallymarkProviderProps) => (
  <TallymarkProvider options={{ key: "wk_1", capturePageleave: false }}>
    <TallymarkProvider client={client}>
      <TallymarkProvider {...props}>
        <Recipe />
      </TallymarkProvider>
    </TallymarkProvider>
    {/* @ts-expect-error There is no key. */}
    <TallymarkProvider options={{ host: "https://collect.example" }} />
  </TallymarkProvider>
);
