/** What a test says to a collector, and what it asks of the store. */
import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import Ajv2020 from "ajv/dist/2020.js";
import { enrol, newTenant } from "./world.mjs";

const schema = JSON.parse(readFileSync(new URL("../fixtures/schema/event.v1.schema.json", import.meta.url), "utf8"));
export const isStoredEvent = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

/** A UUIDv7. */
export function uuidv7(ms = Date.now()) {
  const hex = ms.toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  const [a, b, c, d, e] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16), hex.slice(17, 20), hex.slice(20, 32)];
  return `${a}-${b}-7${c}-8${d}-${e}`;
}

/** An event as posthog-js and our SDK write it, of a stream if `stream` and `seq` are given. */
export function event(name, { properties = {}, stream, seq, ...fields } = {}) {
  const own = stream === undefined ? {} : { $stream_id: stream, $seq: seq };
  return {
    event: name,
    uuid: uuidv7(),
    distinct_id: "visitor-1",
    timestamp: new Date().toISOString(),
    properties: { ...properties, ...own },
    ...fields,
  };
}

export class Client {
  /** @param {string} url @param {import("./world.mjs").Tenant} tenant */
  constructor(url, tenant) {
    this.url = url;
    this.tenant = tenant;
  }

  /** Posts a batch as a page of ours would; headers and key can be overridden. */
  batch(events, { path = "/batch/", headers = {}, ...envelope } = {}) {
    const body = JSON.stringify({
      api_key: this.tenant.browser_key,
      batch: events,
      sent_at: new Date().toISOString(),
      ...envelope,
    });
    return this.raw(path, body, headers);
  }

  raw(path, body, headers = {}) {
    const all = { "content-type": "text/plain", origin: this.url, ...headers };
    return fetch(this.url + path, { method: "POST", body, headers: all });
  }

  domain(events, headers = {}) {
    return fetch(`${this.url}/v1/events`, {
      method: "POST",
      body: JSON.stringify(events),
      headers: { "content-type": "application/json", authorization: `Bearer ${this.tenant.server_key}`, ...headers },
    });
  }

  async read(path) {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.tenant.read_key}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Every stored row, in the order of commit; each checked against the published schema. */
  async events() {
    const rows = [];
    for (let after = 0; ; ) {
      const page = await this.read(`/v1/events?after=${after}&limit=1000`);
      rows.push(...page.events);
      if (page.events.length === 0) break;
      after = page.next_after;
    }
    for (const row of rows) {
      if (!isStoredEvent(row)) throw new Error(`not a DomainEvent: ${JSON.stringify(isStoredEvent.errors)}`);
    }
    return rows;
  }

  /** Every id that is linked to another, in the order of their last changes. */
  async identities() {
    const rows = [];
    for (let after = 0; ; ) {
      const page = await this.read(`/v1/identities?after=${after}&limit=1000`);
      rows.push(...page.identities);
      if (page.identities.length === 0) return rows;
      after = page.next_after;
    }
  }

  ledger(query = "") {
    return this.read(`/v1/ledger${query}`);
  }
}

/** A new tenant of that name, whose pages are the world's own; as its client. */
export async function enrolled(world, slug) {
  const tenant = newTenant(slug);
  await enrol(world.registry, tenant, [world.url]);
  return new Client(world.url, tenant);
}

/** captured = stored + quarantined + dropped + under way, in figures. */
export function accounted(books) {
  const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
  return books.stored + sum(books.quarantined) + sum(books.dropped) + books.under_way;
}
