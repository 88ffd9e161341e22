import type { EventsPage, Ledger, QuarantinedEvent, QuarantinePage, StoredEvent } from "../../../collector/worker/api";
import type { DomainEvent } from "./domain-event";
import type { Action } from "./inventory";
import type { Fetcher, Tenant } from "./tenants";

/** Where somebody who reads the store has come to: the rows, and those of the quarantine, are numbered apart. */
export interface StoreCursor {
  after: number;
  quarantined_after: number;
}

/** What the panel gets for `_store?after=<seq>&quarantined_after=<seq>`. */
export interface StorePage {
  /** The newest rows of those after the cursor, oldest first. */
  events: StoredEvent[];
  /** What was not stored because it breaks a rule, likewise. */
  quarantined: QuarantinedEvent[];
  next: StoreCursor;
  /** There is more behind the cursor: ask again at once. */
  more: boolean;
}

/** The most that the collector is asked for at once; it gives up to 1,000. */
const PAGE_ROWS = 500;
/** A store with a long past is walked over several requests of the panel. */
const MAX_PAGES = 8;
/** What the panel can show. */
const NEWEST_ROWS = 120;

/** The demo server's own client of the collector. The secret and the read key are used here, and nowhere else. */
export class Collector {
  constructor(
    private readonly binding: Fetcher,
    private readonly tenant: Tenant,
    private readonly origin: string,
  ) {}

  /** Sends what the back end vouches for. The shop's work is done by then: an error is told, never thrown. */
  async emit(events: DomainEvent[], { correlation_id, now }: Action, user_id: string): Promise<{ ok: boolean; detail: string }> {
    const body = events.map((event) => ({
      event_id: crypto.randomUUID(),
      occurred_at: new Date(now).toISOString(),
      user_id,
      correlation_id,
      schema_version: 1,
      ...event,
      context: { service: "shop-backend" },
    }));
    try {
      const answer = await this.ask("/v1/events", this.tenant.server_key, { method: "POST", body: JSON.stringify(body) });
      return { ok: answer.ok, detail: answer.ok ? "" : `${answer.status} ${(await answer.text()).slice(0, 300)}` };
    } catch (error) {
      return { ok: false, detail: String(error) };
    }
  }

  async storeAfter({ after, quarantined_after }: StoreCursor): Promise<StorePage> {
    const [stored, quarantined] = await Promise.all([
      this.newest((seq) => this.read<EventsPage>(`/v1/events?after=${seq}&limit=${PAGE_ROWS}`), after),
      this.newest((seq) => this.read<QuarantinePage>(`/v1/quarantine?after=${seq}&limit=${PAGE_ROWS}`), quarantined_after),
    ]);
    return {
      events: stored.rows,
      quarantined: quarantined.rows,
      next: { after: stored.next_after, quarantined_after: quarantined.next_after },
      more: stored.more || quarantined.more,
    };
  }

  /** Goes through pages, as far as it may, for the newest rows of them. */
  private async newest<Row>(
    pageAfter: (seq: number) => Promise<{ events: Row[]; next_after: number }>,
    after: number,
  ): Promise<{ rows: Row[]; next_after: number; more: boolean }> {
    let next_after = after;
    let rows: Row[] = [];
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await pageAfter(next_after);
      rows = [...rows, ...answer.events].slice(-NEWEST_ROWS);
      next_after = answer.next_after;
      if (answer.events.length < PAGE_ROWS) return { rows, next_after, more: false };
    }
    return { rows, next_after, more: true };
  }

  ledger(): Promise<Ledger> {
    return this.read<Ledger>("/v1/ledger");
  }

  private async read<T>(path: string): Promise<T> {
    const answer = await this.ask(path, this.tenant.read_key, { method: "GET" });
    if (!answer.ok) throw new Error(`the collector answered ${answer.status} to ${path}`);
    return (await answer.json()) as T;
  }

  private ask(path: string, key: string, init: RequestInit): Promise<Response> {
    return this.binding.fetch(
      new Request(new URL(path, this.origin), {
        ...init,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      }),
    );
  }
}
