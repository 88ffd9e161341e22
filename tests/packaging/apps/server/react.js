import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { TallymarkProvider, useTallymark } from "tallymark/react";

function Recipe() {
  const tallymark = useTallymark();
  tallymark.capture("rendered");
  return createElement("p", null, "soup");
}

const options = { key: "wk_1", host: "http://127.0.0.1:9" };
process.stdout.write(renderToString(createElement(TallymarkProvider, { options }, createElement(Recipe))));
