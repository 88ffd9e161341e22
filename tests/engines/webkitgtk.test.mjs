// The scenarios in WebKit.
import { prove } from "./scenarios/index.mjs";
import { webkitgtk } from "./webkitgtk.mjs";

prove(webkitgtk);
