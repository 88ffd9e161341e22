// The script tag's entry, before tm.js: <script src="/tm.dev.js" data-plan="/plan.json"></script>
import { check } from "./index.js";
import { complain } from "./report.js";

const plan = (document.currentScript as HTMLScriptElement | null)?.dataset.plan;
if (plan) check(plan);
else complain('nothing is checked: the script tag names no plan. Write data-plan="/plan.json"');
