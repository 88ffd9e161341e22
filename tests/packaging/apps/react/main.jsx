import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { TallymarkProvider, useTallymark } from "tallymark/react";
import { options } from "./options.js";

function Recipe() {
  const tallymark = useTallymark();
  // Runs before any effect of the provider around it.
  useEffect(() => tallymark.capture("recipe_opened"), [tallymark]);
  return <button onClick={() => tallymark.capture("recipe_scaled", { scale: 2 })}>Scale</button>;
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <TallymarkProvider options={options}>
      <Recipe />
    </TallymarkProvider>
  </StrictMode>,
);
