// Made by the build (see ../../build.mjs), of instance.ts in the page that page.ts is.
declare module "tallymark:page" {
  /** Another page, with an SDK of its own. */
  export function open(world: import("./world.js").World): {
    client: import("../index.js").Tallymark;
    /** Goes to another URL, as by `history.pushState`. */
    visit(url: string): void;
  };
}
