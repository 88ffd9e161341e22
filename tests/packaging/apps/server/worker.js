import { init } from "tallymark";

const atStart = init({ key: "wk_1" });

export default {
  async fetch() {
    const tallymark = init({ key: "wk_1", host: "http://127.0.0.1:9" });
    tallymark.capture("recipe_scaled", { scale: 2 });
    await tallymark.flush();
    return Response.json({ same: tallymark === atStart, methods: Object.keys(tallymark).length });
  },
};
