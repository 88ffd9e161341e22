import { createSSRApp, h } from "vue";
import { renderToString } from "vue/server-renderer";
import { tallymark, useTallymark } from "tallymark/vue";

const Recipe = {
  setup() {
    const client = useTallymark();
    client.capture("rendered");
    return () => h("p", "soup");
  },
};

const app = createSSRApp(Recipe).use(tallymark, { key: "wk_1", host: "http://127.0.0.1:9" });
process.stdout.write(await renderToString(app));
