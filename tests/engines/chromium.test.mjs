// The scenarios in Chromium: the yardstick for the other two.
import { prove } from "./scenarios/index.mjs";
import { chromium } from "./puppeteer.mjs";

prove(chromium);
