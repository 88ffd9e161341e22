/**
 * The boundary with the wasm brain (collector/src/lib.rs): the only file that knows its memory.
 *
 * Text goes in as UTF-8 bytes behind `input()`, and comes out as slices named by the table at `output()`:
 * how many numbers, the numbers, how many texts, then address and length of each.
 */
import wasm from "./collector.wasm";
import type { ErasureRequest } from "./log/erasure.ts";
import type { DeliveryRequest } from "./log/parked.ts";
import type { Batch, Receipt } from "./log/log.ts";
import type { Cutoffs } from "./log/retention.ts";
import type { QuarantineRequest, Verdict } from "./log/quarantine.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  input(len: number): number;
  output(): number;
  configure(
    pathsLen: number, operatorsLen: number, perSecond: number, burst: number, seedHigh: number, seedLow: number,
  ): void;
  gate(headLen: number, wantsNetwork: number, nowMs: number): number;
  refuse_address(headLen: number): void;
  receive(headLen: number, bodyLen: number, nowMs: number): number;
  replay(organizationLen: number, pageLen: number, nowMs: number): void;
  anonymise(organizationLen: number, pageLen: number, nowMs: number): number;
  pseudonyms(saltLen: number, idsLen: number): void;
  retention(recordLen: number, nowMs: number): number;
  configure_delivery(environmentLen: number): number;
  deliver(recordLen: number, hasRecord: number, commandLen: number, pageLen: number, nowMs: number): void;
  learn(lookupLen: number, recordLen: number, found: number, nowMs: number): void;
  acknowledge(slot: number, committed: number, stored: number, duplicates: number, quarantined: number): number;
  administer(headLen: number, bodyLen: number, foundLen: number, nowMs: number): number;
  route_name(len: number): void;
  over_quota(slot: number, headLen: number, nowMs: number): void;
  refuse_too_large(headLen: number, nowMs: number): void;
  has_refused(): number;
  take_refused(nowMs: number): number;
  max_body_bytes(): number;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** Empty with status 204. */
  readonly body: string;
  /** How long anybody may keep the answer, in seconds. 0: nobody may. */
  readonly maxAgeS: number;
  /** When to ask again, in seconds. 0, or nothing: that is not said. */
  readonly retryAfterS?: number;
}

/** How often something may happen: in the long run, and at once after a pause. */
export interface Rate {
  readonly per_second: number;
  readonly burst: number;
}

/** What the brain says of a request by its head alone. */
export type Gate =
  | { readonly kind: "refused"; readonly answer: Answer }
  /** `network`: where it comes from, for the platform's own rate limit, if it counts with that. */
  | { readonly kind: "passed"; readonly network: string | undefined };

/** How many requests of a tenant were refused on a day: `tallymark_ingest::Refused`. */
export interface Refused {
  readonly organizationId: string;
  readonly day: string;
  readonly counts: string;
}

export type Step =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "need_key"; readonly lookup: string }
  | { readonly kind: "append"; readonly slot: number; readonly organizationId: string; readonly batch: Batch }
  | { readonly kind: "events"; readonly organizationId: string; readonly after: number; readonly limit: number }
  | { readonly kind: "identities"; readonly organizationId: string; readonly after: number; readonly limit: number }
  | { readonly kind: "ledger"; readonly organizationId: string; readonly from: string; readonly to: string }
  | { readonly kind: "metrics"; readonly organizationIds: readonly string[] }
  | { readonly kind: "quarantine"; readonly organizationId: string; readonly request: QuarantineRequest }
  | { readonly kind: "delivery"; readonly organizationId: string; readonly request: DeliveryRequest }
  | { readonly kind: "administer" }
  | { readonly kind: "erasure"; readonly organizationId: string; readonly request: ErasureRequest };

/** What was read of the registry for a call of the operator's. */
export interface Found {
  records: Record<string, string | null>;
  /** By prefix: names, each with its metadata. */
  lists: Record<string, [name: string, metadata: unknown][]>;
}

/** A change of the registry. */
export type Write =
  | { readonly verb: "put"; readonly name: string; readonly value: string; readonly metadata?: unknown; readonly until?: number }
  | { readonly verb: "delete"; readonly name: string };

export type Administration =
  | { readonly kind: "read"; readonly verb: "record" | "list"; readonly name: string }
  | { readonly kind: "done"; readonly writes: readonly Write[]; readonly answer: Answer };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Brain {
  readonly maxBodyBytes: number;
  readonly #wasm: Exports;

  /** `operators`: digests of their tokens; `addressRate`: requests from one address, left out as by default. */
  constructor(ingestPaths: readonly string[], operators: string, addressRate?: Rate) {
    this.#wasm = new WebAssembly.Instance(wasm, {}).exports as unknown as Exports;
    this.maxBodyBytes = this.#wasm.max_body_bytes();
    const [paths, digests] = [encoder.encode(ingestPaths.join("\n")), encoder.encode(operators)];
    this.#write(paths, digests);
    const { per_second, burst } = addressRate ?? { per_second: 0, burst: 0 };
    const [seedHigh, seedLow] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    this.#wasm.configure(paths.byteLength, digests.byteLength, per_second, burst, seedHigh, seedLow);
  }

  /** What of a request the brain looks at before and beside its body. */
  head(request: Request): Uint8Array {
    return encoder.encode(requestHead(request));
  }

  /** Whether a request is worth reading. `wantsNetwork`: whether the platform's own rate limit is there to be asked, too. */
  gate(head: Uint8Array, wantsNetwork: boolean): Gate {
    this.#write(head);
    const kind = this.#wasm.gate(head.byteLength, wantsNetwork ? 1 : 0, Date.now());
    if (kind === 0) return { kind: "refused", answer: this.#answer() };
    return { kind: "passed", network: wantsNetwork ? this.#read().texts[0] : undefined };
  }

  /** The answer to whoever the platform's own rate limit refuses. */
  refuseAddress(head: Uint8Array): Answer {
    this.#write(head);
    this.#wasm.refuse_address(head.byteLength);
    return this.#answer();
  }

  /** One request, whole. Pure but for what is remembered of the registry and of who sent how much: asking again after
   * `learn` gives the next step. */
  receive(head: Uint8Array, body: Uint8Array): Step {
    this.#write(head, body);
    const kind = this.#wasm.receive(head.byteLength, body.byteLength, Date.now());
    const { numbers, texts } = this.#read();
    switch (kind) {
      case 0:
        return { kind: "answer", answer: answerOf(numbers, texts) };
      case 1:
        return { kind: "need_key", lookup: texts[0]! };
      case 2: {
        const [events, quarantinedCount, unsequenced, eventsPerDay, slot] = numbers as [
          number, number, number, number, number,
        ];
        const [organizationId, day, quarantined, streams, wills, links, ...rows] = texts as [
          string, string, string, string, string, string,
        ];
        const batch = { day, rows, events, quarantined, quarantinedCount, streams, wills, links, unsequenced, eventsPerDay };
        return { kind: "append", slot, organizationId, batch };
      }
      case 3:
        return { kind: "events", organizationId: texts[0]!, after: Number(texts[1]), limit: numbers[0]! };
      case 4:
        return { kind: "ledger", organizationId: texts[0]!, from: texts[1]!, to: texts[2]! };
      case 5:
        return { kind: "identities", organizationId: texts[0]!, after: Number(texts[1]), limit: numbers[0]! };
      case 6:
        return { kind: "quarantine", organizationId: texts[0]!, request: quarantineRequest(numbers, texts) };
      case 7:
        return { kind: "administer" };
      case 9:
        return { kind: "erasure", organizationId: texts[0]!, request: erasureRequest(numbers, texts) };
      case 10:
        return { kind: "delivery", organizationId: texts[0]!, request: deliveryRequest(numbers, texts) };
      case 11:
        return { kind: "metrics", organizationIds: texts };
      default:
        throw new Error(`unknown step ${kind}`);
    }
  }

  /** The next step of a call that `receive` has admitted. `random` are 32 bytes, the same for all steps of a request. */
  administer(head: Uint8Array, body: Uint8Array, found: Found, random: Uint8Array): Administration {
    const json = encoder.encode(JSON.stringify(found));
    this.#write(head, body, json, random);
    const kind = this.#wasm.administer(head.byteLength, body.byteLength, json.byteLength, Date.now());
    const { numbers, texts } = this.#read();
    if (kind === 8) return { kind: "read", verb: texts[0] as "record" | "list", name: texts[1]! };
    return { kind: "done", answer: answerOf(numbers, texts), writes: writesOf(texts.slice(2)) };
  }

  /** Judges a page of quarantined events again (log/quarantine.ts), by the tenant's plan, which has to be learnt before. */
  replay(organizationId: string, page: string): { verdicts: Verdict[]; unreplayable: number } {
    const [organization, lines] = [encoder.encode(organizationId), encoder.encode(page)];
    this.#write(organization, lines);
    this.#wasm.replay(organization.byteLength, lines.byteLength, Date.now());
    const { numbers, texts } = this.#read();
    return { verdicts: JSON.parse(texts[0]!) as Verdict[], unreplayable: numbers[0]! };
  }

  /**
   * Takes from rows, `[event_name, properties]`, what says whose they are, by the tenant's plan, which has to be learnt
   * before: the properties that stay. Undefined if the plan can't be read.
   */
  anonymise(organizationId: string, rows: readonly (readonly [string, string])[]): string[] | undefined {
    const page = rows.map(([name, properties]) => `${JSON.stringify(name)}\n${properties}\n`).join("");
    const [organization, lines] = [encoder.encode(organizationId), encoder.encode(page)];
    this.#write(organization, lines);
    const isDone = this.#wasm.anonymise(organization.byteLength, lines.byteLength, Date.now());
    return isDone === 0 ? undefined : linesOf(this.#read().texts[0]!);
  }

  /** What stands for ids where they are not kept, one for each. */
  pseudonyms(salt: string, ids: readonly string[]): string[] {
    const [key, lines] = [encoder.encode(salt), encoder.encode(ids.map((id) => `${JSON.stringify(id)}\n`).join(""))];
    this.#write(key, lines);
    this.#wasm.pseudonyms(key.byteLength, lines.byteLength);
    return linesOf(this.#read().texts[0]!);
  }

  /** What a log does not keep any more, by its organization's record of settings; undefined if that can't be read. */
  retention(record: string): Cutoffs | undefined {
    const text = encoder.encode(record);
    this.#write(text);
    const isRead = this.#wasm.retention(text.byteLength, Date.now());
    return isRead === 0 ? undefined : (JSON.parse(this.#read().texts[0]!) as Cutoffs);
  }

  /** What delivery goes by in this deployment: the variables of its environment, as a JSON object. */
  configureDelivery(environment: string): void {
    const text = encoder.encode(environment);
    this.#write(text);
    if (this.#wasm.configure_delivery(text.byteLength) === 0) throw new Error("not an object of texts");
  }

  /**
   * One of delivery's commands (collector/src/deliver.rs), for the tenant that this record of the registry is of, and a page
   * of rows for those about rows; the result's text.
   */
  deliver(record: string | null, command: string, page: string): string {
    const [destinations, ask, rows] = [encoder.encode(record ?? ""), encoder.encode(command), encoder.encode(page)];
    this.#write(destinations, ask, rows);
    const hasRecord = record === null ? 0 : 1;
    this.#wasm.deliver(destinations.byteLength, hasRecord, ask.byteLength, rows.byteLength, Date.now());
    const result = this.#read().texts[0]!;
    if (result === "") throw new Error("not a command of delivery, or not a page of rows");
    return result;
  }

  /** What the registry holds for a lookup; `null` if nothing. Remembered for minutes. */
  learn(lookup: string, record: string | null): void {
    const [name, value] = [encoder.encode(lookup), encoder.encode(record ?? "")];
    this.#write(name, value);
    this.#wasm.learn(name.byteLength, value.byteLength, record === null ? 0 : 1, Date.now());
  }

  /** The answer to an append; without a receipt the log did not commit. */
  acknowledge(slot: number, receipt: Receipt | undefined): Answer {
    const { stored, duplicates, quarantined } = receipt ?? { stored: 0, duplicates: 0, quarantined: 0 };
    this.#wasm.acknowledge(slot, receipt === undefined ? 0 : 1, stored, duplicates, quarantined);
    return this.#answer();
  }

  /** What a request is for, by a name that holds nothing of the request: paths may have keys in them. */
  routeName(request: Request): string {
    const target = encoder.encode(`${request.method}\n${splitTarget(request).path}`);
    this.#write(target);
    this.#wasm.route_name(target.byteLength);
    return this.#read().texts[0]!;
  }

  /** The answer to an append of which the log took nothing, since the tenant's day is full. */
  overQuota(slot: number, head: Uint8Array): Answer {
    this.#write(head);
    this.#wasm.over_quota(slot, head.byteLength, Date.now());
    return this.#answer();
  }

  refuseTooLarge(head: Uint8Array): Answer {
    this.#write(head);
    this.#wasm.refuse_too_large(head.byteLength, Date.now());
    return this.#answer();
  }

  /** Whether requests were refused that no log has counted. */
  hasRefused(): boolean {
    return this.#wasm.has_refused() !== 0;
  }

  /** Takes out how many requests of one tenant were refused. */
  takeRefused(): Refused | undefined {
    if (this.#wasm.take_refused(Date.now()) === 0) return undefined;
    const [organizationId, day, counts] = this.#read().texts as [string, string, string];
    return { organizationId, day, counts };
  }

  #answer(): Answer {
    const { numbers, texts } = this.#read();
    return answerOf(numbers, texts);
  }

  /** Puts texts into the input, side by side. */
  #write(...texts: readonly Uint8Array[]): void {
    let at = this.#wasm.input(texts.reduce((bytes, text) => bytes + text.byteLength, 0));
    // Only now: making room may have moved the memory.
    const memory = new Uint8Array(this.#wasm.memory.buffer);
    for (const text of texts) {
      memory.set(text, at);
      at += text.byteLength;
    }
  }

  #read(): { numbers: number[]; texts: string[] } {
    const { buffer } = this.#wasm.memory;
    const table = new Uint32Array(buffer, this.#wasm.output());
    const count = table[0]!;
    const numbers = Array.from(table.subarray(1, 1 + count));
    const first = count + 2;
    const texts = Array.from({ length: table[count + 1]! }, (_, i) =>
      decoder.decode(new Uint8Array(buffer, table[first + 2 * i]!, table[first + 2 * i + 1]!)),
    );
    return { numbers, texts };
  }
}

function answerOf(numbers: number[], texts: string[]): Answer {
  return { status: numbers[0]!, maxAgeS: numbers[1]!, retryAfterS: numbers[2]!, contentType: texts[0]!, body: texts[1]! };
}

/** Five texts for each, as collector/src/boundary.rs writes them. */
function writesOf(texts: readonly string[]): Write[] {
  return Array.from({ length: texts.length / 5 }, (_, i): Write => {
    const [verb, name, value, metadata, until] = texts.slice(5 * i) as [Write["verb"], string, string, string, string];
    if (verb === "delete") return { verb, name };
    return {
      verb, name, value,
      ...(metadata !== "" && { metadata: JSON.parse(metadata) as unknown }),
      ...(until !== "" && { until: Number(until) }),
    };
  });
}

function quarantineRequest(numbers: number[], texts: string[]): QuarantineRequest {
  const [, verb, eventId, after, rule, eventName, before] = texts as [
    string, QuarantineRequest["verb"], string, string, string, string, string,
  ];
  const filter = { rule, eventName, before };
  return { verb, eventId, filter, after: Number(after), limit: numbers[0]!, dryRun: numbers[1] === 1 };
}

function erasureRequest(numbers: number[], texts: string[]): ErasureRequest {
  const [, verb, after, id] = texts as [string, ErasureRequest["verb"], string, string];
  return { verb, after: Number(after), limit: numbers[0]!, id, dryRun: numbers[1] === 1 };
}

/** Of a text that ends each of its lines. */
function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

function deliveryRequest(numbers: number[], texts: string[]): DeliveryRequest {
  const [, verb, after, destination, eventId, reason] = texts as [
    string, DeliveryRequest["verb"], string, string, string, string,
  ];
  const filter = { destination, eventId, reason };
  return { verb, filter, after: Number(after), limit: numbers[0]!, dryRun: numbers[1] === 1 };
}

/** Not by a `URL`: the platform makes an object of its own for each, which its garbage collector then frees one by one. */
function splitTarget({ url }: Request): { path: string; query: string } {
  const target = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  const mark = target.indexOf("?");
  return mark < 0 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** What of a request the brain looks at, one a line: collector/src/boundary.rs reads it in this order. */
function requestHead(request: Request): string {
  const { headers } = request;
  const { path, query } = splitTarget(request);
  const h = (name: string) => headers.get(name) ?? "";
  const country = (request.cf?.country as string | undefined) ?? "";
  return `${request.method}\n${path}\n${query}\n${h("origin")}\n${h("referer")}\n${h("content-type")}\n${h("content-encoding")}\n${h("authorization")}\n${h("user-agent")}\n${country}\n${h("accept")}\n${h("sec-fetch-dest")}\n${h("sec-gpc")}\n${h("cf-connecting-ip")}\n${place(request.cf)}${path.startsWith("/i/v1/") ? captureV1Head(h) : ""}`;
}

/** Where in its country the platform has the client, in the order of `Place` of collector/src/boundary.rs; empty if it does
 * not say. */
function place(cf: Request["cf"]): string {
  if (cf?.city === undefined && cf?.timezone === undefined) return "";
  const { region, regionCode, city, postalCode, timezone, continent } = cf as IncomingRequestCfProperties;
  return `${region ?? ""}\t${regionCode ?? ""}\t${city ?? ""}\t${postalCode ?? ""}\t${timezone ?? ""}\t${continent ?? ""}`;
}

/** Only for the paths of PostHog's capture v1: each header costs all the others something. */
function captureV1Head(h: (name: string) => string): string {
  const names = ["sdk-info", "attempt", "request-id", "request-timestamp"];
  return names.map((name) => `\n${h(`posthog-${name}`)}`).join("");
}
