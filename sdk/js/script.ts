// The script tag's entry: <script async src="/tm.js" data-key="wk_…"></script>
import type { Choice, Tallymark } from "./index.js";
import { start } from "./init.js";
import type { EarlyCall } from "./client.js";

// Of the same build, by names that only it has: see ../build.mjs.
declare const WASM: string;
declare const WASM_INTEGRITY: string;
declare const BRAIN: string;

const script = (document.currentScript ?? document.querySelector("script[data-key]")) as HTMLScriptElement;
const given = script.dataset;
const beside = (file: string) => new URL(file, script.src).href;
const page = window as { tallymark?: Partial<Tallymark> & { q?: EarlyCall[] } };
// References taken while it was the stub stay good: the methods move into the same object.
const stub = (page.tallymark ??= {});

Object.assign(
  stub,
  start(
    {
      key: given.key!,
      host: given.host ?? new URL(script.src).origin,
      path: given.path,
      wasmUrl: given.wasm == "false" ? false : given.wasm,
      capturePageview: given.capturePageview != "false",
      capturePageleave: given.capturePageleave != "false",
      captureHash: given.captureHash == "true",
      consent: given.consent as Choice | undefined,
      gpc: given.gpc != "false",
      urlParameters: given.urlParameters == "*" || given.urlParameters?.split(/[ ,]+/),
      sampling: Object.fromEntries(given.sampling?.split(",").map((one) => one.split(":")) ?? []),
      beforeSend: (window as never)[given.beforeSend!],
      debug: given.debug != undefined && given.debug != "false",
    },
    () => ({ wasmUrl: beside(WASM), integrity: WASM_INTEGRITY, brain: () => import(beside(BRAIN)) }),
    stub.q,
  ),
);
