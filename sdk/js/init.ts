// One instance a page, and none on a server.
import type { Options, Tallymark } from "./index.js";
import { api, type Assets, createClient, type EarlyCall } from "./client.js";

let client: Tallymark | undefined;
let clientKey: string;

/** Does nothing, and says that it is done. */
const inert: Tallymark = { ...api };

/** The page's instance, made by the first call; `assets` is where the rest is unless the options say. */
export function start(options: Options, assets: () => Assets, early: EarlyCall[] = []): Tallymark {
  const { wasmUrl, debug } = options;
  const key = options.measurementId ?? options.key;
  if (typeof window == "undefined" || !key) {
    if (debug) console.warn("tallymark: no window or key");
    for (const name in inert) inert[name as "flush"] = async () => {};
    inert.on = () => () => {};
    return inert;
  }
  if (client) {
    if (debug && key != clientKey) console.warn("tallymark: ignored", key);
    return client;
  }
  clientKey = key;
  const { host = location.origin, path = "/batch/" } = options;
  return (client = createClient(
    {
      ...options,
      ...assets(),
      key,
      ...(wasmUrl != undefined && { wasmUrl, integrity: undefined }),
      url: host.replace(/\/$/, "") + path,
    },
    early,
  ));
}
