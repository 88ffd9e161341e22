// The scenarios in Gecko.
import { prove } from "./scenarios/index.mjs";
import { firefox } from "./puppeteer.mjs";

prove(firefox);
