import { init } from "tallymark";
import { options } from "./options.js";

const tallymark = init(options);
document.querySelector("button").addEventListener("click", () => tallymark.capture("recipe_scaled", { scale: 2 }));
