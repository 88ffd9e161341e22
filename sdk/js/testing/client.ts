// The client that a test hands to the application under test.
import { open } from "tallymark:page";
import type { CapturedEvent, DropReason, Properties, Settings, Tallymark } from "../index.js";
import { Clock, type Time } from "./clock.js";
import { matching } from "./match.js";

/** Options of `init`, but for what needs a collector or a DOM. Views are captured when asked for. */
export interface TestClientOptions extends Omit<Settings, "host" | "path" | "wasmUrl" | "autocapture"> {
  /** The write key that events are under. */
  key?: string;
  /** Where the page is. Default: `http://localhost/`. */
  url?: string;
}

/** What a request says, as far as we look at it. */
interface Batch {
  batch: CapturedEvent[];
  stream: { dropped: Partial<Record<DropReason, number>> };
}

export interface TestClient extends Tallymark {}

/**
 * The SDK itself, brain and all, in a page made of memory: what is captured is what would be sent, whether there is
 * a DOM around or not. Each has a page, a visitor and a storage of its own, and nothing leaves it.
 */
export class TestClient {
  readonly #clock = new Clock();
  readonly #visit: (url: string) => void;
  readonly #seen = new Set<string>();
  #events: CapturedEvent[] = [];
  #dropped: Batch["stream"]["dropped"] = {};

  constructor({ url = "http://localhost/", ...options }: TestClientOptions) {
    const { client, visit } = open({
      options: { key: "wk_test", capturePageview: false, capturePageleave: false, ...options },
      clock: this.#clock,
      location: new URL(url),
      receive: (body) => this.#receive(JSON.parse(body) as Batch),
    });
    this.#visit = visit;
    Object.assign(this, client);
  }

  #receive({ batch, stream }: Batch): void {
    this.#dropped = stream.dropped;
    for (const event of batch) {
      if (this.#seen.has(event.uuid)) continue;
      this.#seen.add(event.uuid);
      this.#events.push(event);
    }
  }

  /** What was captured so far, oldest first, as it is sent; while consent is pending, nothing is. */
  get events(): readonly CapturedEvent[] {
    void this.flush();
    return [...this.#events];
  }

  /** How many events were given up, by reason. */
  get dropped(): Readonly<Partial<Record<DropReason, number>>> {
    void this.flush();
    return { ...this.#dropped };
  }

  /** Whether an event of this name, with at least these properties, was captured. */
  captured(name: string, properties?: Properties): boolean {
    return matching(this.events, name, properties).length > 0;
  }

  /** Forgets what was captured, not who the visitor is. */
  clear(): void {
    void this.flush();
    this.#events = [];
  }

  /** Sets the clock, which until then is the environment's; from then on it stands still. */
  setTime(time: Time): void {
    this.#clock.set(time);
  }

  /** Lets `ms` pass for the SDK. */
  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  /** Goes to another URL, as a single-page application does. */
  visit(url: string): void {
    this.#visit(url);
  }
}

/** A client for a test, to be handed over wherever a `Tallymark` is expected. */
export const createTestClient = (options: TestClientOptions = {}): TestClient => new TestClient(options);
