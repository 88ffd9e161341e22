import { type App } from "vue";
import { createRouter, createWebHistory } from "vue-router";
import { init, type Tallymark } from "tallymark";
import { tallymark, useTallymark } from "tallymark/vue";

export function application(app: App) {
  const router = createRouter({ history: createWebHistory(), routes: [] });
  app.use(tallymark, { key: "wk_1", router });
  app.use(tallymark, { key: "wk_1" });
  app.use(tallymark, init({ key: "wk_1" }));
  // @ts-expect-error There is no key.
  app.use(tallymark, { router });
  const client: Tallymark = useTallymark();
  client.flush();
}
