/** The object of store-worker.ts in workerd. */
import { startObject } from "../harness/object.mjs";

/** @returns what stores rows, and says how that ended: `{ sqlstate, detail }` or `{ error, detail }` */
export async function startKeeper() {
  const { address, stop } = await startObject("tests/postgres/store-worker.ts", { KEEPER: "Keeper" });
  return {
    async store(url, rows, timeoutMs = 2_000) {
      const response = await fetch(address, { method: "POST", body: JSON.stringify({ url, rows: `[${rows.join(",")}]`, timeoutMs }) });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    },
    stop,
  };
}
