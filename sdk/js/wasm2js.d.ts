// Made by the build (see ../BUILDING.md), of the wasm module.
declare module "tallymark:wasm2js" {
  type Exports = import("./core.js").Exports;
  /** The exports, without a coat. Its memory, when it grows, leaves the old buffer as it is. */
  export function instantiate(imports: object): Omit<Exports, "memory"> & { memory: { buffer: ArrayBuffer } };
}
