// The script tag's entry: <script async src="/tm.js" data-key="wk_…"></script>
import type { Options, Tallymark } from "./index.js";
import { start } from "./init.js";
import type { EarlyCall } from "./client.js";

// Of the same build, by names that only it has: see ../build.mjs.
declare const WASM: string;
declare const WASM_INTEGRITY: string;
declare const BRAIN: string;
declare const AUTO: string;
declare const REVIEW: string;
declare const LEFTOVERS: string;
declare const GA4: string;

const script = (document.currentScript ?? document.querySelector("script[data-key]")) as HTMLScriptElement;
const given = script.dataset;
// A page may hold the script's text itself: then what it loads is beside the page, unless that says otherwise.
const beside = (file: string) => new URL(file, script.src || location.href).href;
// References taken while it was the stub stay good: the methods move into the same object.
const stub = ((window as { tallymark?: Partial<Tallymark> & { q?: EarlyCall[] } }).tallymark ??= {});

const isGa4 = given.dialect == "ga4";
// GA4 is Google's, unless a host is given.
const options: Record<string, unknown> = isGa4 ? {} : { host: beside("/") };
// As one writes them: data-debug, data-capture-hash="true", data-gpc="false", data-consent="pending".
for (const name in given) {
  const value = given[name]!;
  options[name] = value == "true" || !value || (value != "false" && value);
}
// Left empty by a template, it is no key.
options.key = given.key;
options.wasmUrl = options.wasm;

Object.assign(
  stub,
  start(
    options as unknown as Options,
    () => ({
      wasmUrl: beside(WASM),
      integrity: WASM_INTEGRITY,
      brain: () => import(beside(BRAIN)),
      auto: () => import(beside(AUTO)),
      leftovers: () => import(beside(LEFTOVERS)),
      review: () => import(beside(isGa4 ? GA4 : REVIEW)),
    }),
    stub.q,
  ),
);
