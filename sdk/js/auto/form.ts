// Forms that are submitted. What was entered is nobody's business here.
import { attribute, textOf, webUrl } from "./dom.js";
import type { Captured, Lent } from "./index.js";

/** `form_submit`, with GA4's names. */
export function submission([form]: Element[], event: Event, { told }: Lent): Captured | undefined {
  if (!form) return;
  const { submitter } = event as SubmitEvent;
  // Without an action a form is sent to the page itself.
  const action = submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href;
  const url = webUrl(action);
  return [
    "form_submit",
    {
      form_id: attribute(form, "id"),
      form_name: attribute(form, "name"),
      form_destination: url && told(url),
      form_submit_text: submitter ? labelOf(submitter) : undefined,
    },
  ];
}

/** What stands on the button. As an `input` it has that as its value, which no visitor can change. */
const labelOf = (button: Element) =>
  button.matches("input[type=submit]") ? attribute(button, "value") : textOf(button);
