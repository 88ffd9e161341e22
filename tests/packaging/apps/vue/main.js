import { createApp, h } from "vue";
import { createRouter, createWebHistory, RouterLink, RouterView } from "vue-router";
import { tallymark, useTallymark } from "tallymark/vue";
import { options } from "./options.js";

const Home = { render: () => h(RouterLink, { to: "/recipes/12" }, () => "Recipe 12") };
const Recipe = {
  setup() {
    const client = useTallymark();
    return () => h("button", { onClick: () => client.capture("recipe_scaled", { scale: 2 }) }, "Scale");
  },
};

const routes = [
  { path: "/", component: Home },
  { path: "/recipes/:id", component: Recipe },
];
const router = createRouter({ history: createWebHistory(), routes });
createApp(RouterView).use(router).use(tallymark, { ...options, router }).mount("#root");
