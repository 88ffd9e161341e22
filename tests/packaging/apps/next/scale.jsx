"use client";
import { useEffect } from "react";
import { useTallymark } from "tallymark/next";

export function Scale({ id }) {
  const tallymark = useTallymark();
  // Runs before any effect of the provider around it.
  useEffect(() => tallymark.capture("recipe_opened"), [tallymark]);
  return <button onClick={() => tallymark.capture("recipe_scaled", { scale: 2 })}>Scale {id}</button>;
}
