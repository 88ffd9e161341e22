/**
 * What the collector's reading answers hold, as types: for the code that writes them and for whoever reads them.
 * No platform type in here, so that any client can import it. A row's schema is made from Rust:
 * tests/fixtures/schema/event.v1.schema.json.
 */

/** A row of `domain_event`, as `GET /v1/events` gives it. */
export interface StoredEvent {
  seq: number;
  event_id: string;
  event_name: string;
  occurred_at: string;
  received_at: string;
  organization_id: string;
  user_id: string | null;
  anonymous_id: string | null;
  session_id: string | null;
  entity_type: string | null;
  entity_id: string | null;
  correlation_id: string | null;
  source: string;
  trust: string;
  schema_version: number;
  properties: Record<string, unknown>;
  context: Record<string, unknown>;
}

/** The answer of `GET /v1/events`. */
export interface EventsPage {
  /** In the order of commit. */
  events: StoredEvent[];
  /** The cursor of the next page. */
  next_after: number;
}

/** An id, and whose it is, as `GET /v1/identities` gives it. */
export interface Identity {
  /** Order of the last change: a cursor that never skips, and gives an id again when it has changed. */
  seq: number;
  id: string;
  /** One of the person's ids, the same for all of them. */
  person_id: string;
  /** The best trust with which an event has named it as the user's own id; null if none has. */
  trust: string | null;
  /** Whose it is said to be, the most trusted and earliest first; 100 at the most. */
  links: { user_id: string; kind: string; trust: string; is_stated: boolean; first_at: string; first_event_id: string }[];
}

/** The answer of `GET /v1/identities`. */
export interface IdentitiesPage {
  identities: Identity[];
  /** The cursor of the next page. */
  next_after: number;
}

/** What became of a day's events: captured = stored + quarantined + dropped + under way. */
export interface LedgerFigures {
  captured: number;
  stored: number;
  /** By rule. */
  quarantined: Record<string, number>;
  /** By reason. Negative where events arrived that were given up, and counted here, on an earlier day. */
  dropped: Record<string, number>;
  duplicate: number;
  under_way: number;
}

/** The answer of `GET /v1/ledger`. */
export interface Ledger {
  organization_id: string;
  from: string;
  to: string;
  days: (LedgerFigures & { day: string })[];
  total: LedgerFigures;
  /** Captured by a stream that has been silent for a day, and never come: lost. */
  missing: number;
  /** Accounted for beyond what its stream says it captured: two events under one number, a forgery or a bug. */
  over_accounted: number;
  /** The first hundred that are out of balance; `missing` is negative where a stream is over-accounted. */
  streams_with_gaps: { stream_id: string; seq_high: number; missing: number; last_received_at: string }[];
  /** Streams heard of in these days that could keep no copy on disk: what they had not sent at their end is lost. */
  memory_only_streams: number;
  balanced: boolean;
}
