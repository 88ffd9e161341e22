/** The module's bytes, within the script: no bundler and no policy has a second file to lose. See ../../build.mjs. */
declare module "tallymark:dev.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
