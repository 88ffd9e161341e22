/* posthog.capture("in_a_comment") */
import { capture } from "./analytics";

export function Basket({ note = "it's // no comment", camera }: Props) {
  capture("basket_opened");
  capture<BasketOpened>(
    "basket_opened", // the event: tallymark.capture("in_a_comment")
    { items: [1, 2, { sku: "a)" }] },
  );
  posthog?.capture?.(`basket_opened`, { text: "tallymark" });
  analytics
    .track('$pageview');
  document.querySelector('[data-tm-event="any"]');
  camera.capture("photo.png"); // tallymark-ignore
  return <button data-tm-event={"basket_opened"}>Don't</button>;
}
function capture(name: string) {}
