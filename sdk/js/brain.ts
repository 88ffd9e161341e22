// The brain as JavaScript, for where WebAssembly is refused: the same module, translated by wasm2js.
import { instantiate as translated } from "tallymark:wasm2js";
import type { Exports } from "./core.js";

/**
 * The translation makes integers of doubles as wasm does, but for those beyond 64 bits, which it does not
 * saturate. What is far above any time or duration may as well be this.
 */
const MAX_DOUBLE = Number.MAX_SAFE_INTEGER;

/** Another instance, with the module's exports. */
export function instantiate(): Exports {
  const { memory, buffer, call, poll } = translated({});
  let last = memory.buffer;
  /** wasm takes the views of a memory away when it grows, and who holds one looks for that: so we do, too. */
  const detach = () => {
    if (memory.buffer == last) return;
    // Transferring detaches, in browsers older than ArrayBuffer.transfer, too.
    const { port1 } = new MessageChannel();
    port1.postMessage(0, [last]);
    port1.close();
    last = memory.buffer;
  };
  return {
    memory,
    buffer(size) {
      const address = buffer(size);
      detach();
      return address;
    },
    call(op, length, wall, mono, x, i, j, k) {
      call(op, length, wall, mono, Math.min(x!, MAX_DOUBLE), i, j, k);
      detach();
    },
    poll() {
      const address = poll();
      detach();
      return address;
    },
  };
}
