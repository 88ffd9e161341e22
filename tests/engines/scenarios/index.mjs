/** The list of scenarios: the same for every engine. */
import { scenariosIn } from "../support.mjs";
import { features } from "./features.mjs";
import { leaving } from "./leaving.mjs";
import { network } from "./network.mjs";
import { pages } from "./pages.mjs";

/** @param {import("../engine.mjs").Engine} engine */
export function prove(engine) {
  const scenario = scenariosIn(engine);
  pages(scenario, engine);
  leaving(scenario);
  network(scenario);
  features(scenario, engine);
}
