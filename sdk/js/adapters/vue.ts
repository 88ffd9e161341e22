// Vue: a plugin that starts the SDK with the application, and a composable that gives it to components.
import { inject, type InjectionKey, type ObjectPlugin } from "vue";
import { init, type Options, type Tallymark } from "../index.js";

/** What is asked of a vue-router. */
export interface Router {
  options: { history: { base: string } };
  resolve(path: string): { matched: { path: string }[] };
}

/** Options of `init`, and what only Vue has. */
export type TallymarkPluginOptions = Options & {
  /** The application's vue-router: the pattern of the route, `/recipes/:id`, goes with each view as `$route`. */
  router?: Router;
};

const CLIENT: InjectionKey<Tallymark> = Symbol("tallymark");

/** The pattern of the route at the current URL, which is there before the router's own `currentRoute` is. */
function pattern(router: Router): string | undefined {
  const { base } = router.options.history;
  const hash = base.indexOf("#");
  const path = hash < 0 ? location.pathname.slice(base.length) : location.hash.slice(base.length - hash);
  return router.resolve(path || "/").matched.at(-1)?.path;
}

/**
 * `app.use(tallymark, options)` starts the SDK, on a server one that does nothing; `app.use(tallymark, client)`
 * hands down a client that is there, as in a test.
 */
export const tallymark: ObjectPlugin<[TallymarkPluginOptions | Tallymark]> = {
  install(app, given) {
    if ("capture" in given) {
      app.provide(CLIENT, given);
      return;
    }
    const { router } = given;
    app.provide(CLIENT, init(router ? { route: () => pattern(router), ...given } : given));
  },
};

/** The client. Where the plugin is not in use, one that does nothing. */
export const useTallymark = (): Tallymark => inject(CLIENT, () => init({ key: "" }), true);
