// What a page made of memory is given from outside: options, a network and a clock.
import type { Options } from "../index.js";
import type { Clock } from "./clock.js";

/** Around the page of one client. */
export interface World {
  options: Options;
  clock: Clock;
  /** Where the page is; goes with its history. */
  location: URL;
  /** Takes the body of a request: JSON, as the collector would get it. */
  receive(body: string): void;
}
