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

/** An event that broke a rule, as `GET /v1/quarantine` lists it. */
export interface QuarantinedEvent {
  seq: number;
  event_id: string;
  event_name: string | null;
  received_at: string;
  stream_id: string | null;
  /** Which rule it broke, where, what is expected there and what was found. */
  rule: string;
  path: string;
  expected: string;
  got: string;
  /** Of the tracking plan whose rule it is; null if the rule is the collector's own. */
  plan_version: number | null;
  sdk_version: string | null;
  /**
   * Whether a replay can judge it again. Not if the row has only an excerpt of the event (it was too large, or no database holds
   * it), if what the plan withholds of it was what broke the plan, or if an older collector has not kept how it came.
   */
  is_replayable: boolean;
}

/** The answer of `GET /v1/quarantine`. */
export interface QuarantinePage {
  events: QuarantinedEvent[];
  /** The cursor of the next page. */
  next_after: number;
}

/** The answer of `GET /v1/quarantine/<event_id>`. */
export interface WholeQuarantinedEvent extends Omit<QuarantinedEvent, "is_replayable"> {
  /** How its request came: what a replay goes by. */
  provenance: { protocol: string; source: string; trust: string; context: Record<string, unknown> } | null;
  /** The event as it came. */
  body: unknown;
}

/** The answer of `POST /v1/quarantine/replay`. */
export interface QuarantineReplay {
  dry_run: boolean;
  /** How many events it has looked at: `stored` + `quarantined` + `unreplayable`, and those that another replay took. */
  examined: number;
  /** They are stored now, or would be. */
  stored: number;
  /** They still break a rule: this one. */
  quarantined: Record<string, number>;
  /** They can't be judged again; they stay. */
  unreplayable: number;
  /** Where to go on. */
  next_after: number;
  /** Whether there are no more. */
  is_complete: boolean;
}

/** The answer of `POST /v1/quarantine/purge`. */
export interface QuarantinePurge {
  dry_run: boolean;
  /** By the rule that they broke. */
  purged: Record<string, number>;
  next_after: number;
  is_complete: boolean;
}

/** What has come of an order to forget somebody, as `POST /v1/erasures` answers and `GET /v1/erasures` lists it. */
export interface ErasureReceipt {
  /** Order of the orders; null in a dry run, as is `erasure_id`. */
  seq: number | null;
  erasure_id: string | null;
  /** What stands for the id that was given: its HMAC-SHA-256 under a salt that only the log knows. */
  subject: string;
  mode: "erase" | "anonymise" | "readmit";
  dry_run: boolean;
  requested_at: string;
  /** When the last row was gone; null as long as rows are looked for. */
  completed_at: string | null;
  is_complete: boolean;
  /** Ids of the subject, links between ids, and last wills of pages that were theirs: gone with the order itself. */
  ids: number;
  links: number;
  wills: number;
  /** Events erased or made anonymous so far, and erased from quarantine. */
  events: number;
  quarantined: number;
}

/** The answer of `GET /v1/erasures`. */
export interface ErasuresPage {
  erasures: ErasureReceipt[];
  /** The cursor of the next page. */
  next_after: number;
}

/** A place where events go on to, as `GET /v1/destinations` gives it. */
export interface DestinationState {
  name: string;
  kind: string;
  /** Working; failing, and tried again; or paused until somebody resumes it or changes its configuration. */
  status: "working" | "failing" | "paused";
  /** Up to this `seq` everything is delivered, parked or none of its business. */
  cursor: number;
  /** Events behind the cursor, at the most: those that it does not want are counted, too. */
  lag_events: number;
  /** Since when the first of them is stored. */
  lag_seconds: number;
  parked: number;
  delivered: number;
  last_delivered_at: string | null;
  /** Failed attempts at what is next. */
  attempts: number;
  next_attempt_at: string | null;
  failing_since: string | null;
  last_error: string | null;
  last_error_at: string | null;
  paused_reason: string | null;
}

/** The answer of `GET /v1/destinations`. */
export interface DestinationsAnswer {
  destinations: DestinationState[];
  /** What of the configuration could not be read. */
  problems: { path: string; detail: string }[];
}

/** The answer of `GET /v1/deliveries/parked`. */
export interface ParkedPage {
  deliveries: {
    destination: string;
    seq: number;
    /** Null if the event has been erased. */
    event_id: string | null;
    event_name: string | null;
    reason: string;
    /** Of the answer; null if there was none. */
    status: number | null;
    detail: string;
    attempts: number;
    parked_at: string;
    /** Whether it is to be tried again. */
    is_due: boolean;
  }[];
  next_after: number;
}

/** The answer of `GET /v1/deliveries/<event_id>`: where the event is. */
export interface DeliveriesOfEvent {
  event_id: string;
  seq: number;
  event_name: string;
  received_at: string;
  /** Whether every destination has it, does not want it, or has had it dropped. */
  is_processed: boolean;
  processed_at: string | null;
  /** Of the destination that needed the most. */
  delivery_attempts: number;
  /** Those that are configured now. */
  destinations: {
    name: string;
    kind: string;
    /** `retrying`: parked, and to be tried again. `unwanted`, and so `delivered`: by its configuration of now. */
    status: "delivered" | "unwanted" | "pending" | "parked" | "retrying" | "dropped";
    /** What of its configuration leaves the event out (`kind`: such a receiver has no use for it); null unless `unwanted`. */
    unwanted_by: "from" | "events" | "kind" | "consent" | null;
    /** Null unless `parked` or `retrying`. Of the answer: `status` (null if there was none) and `detail`. */
    parked: { reason: string; status: number | null; detail: string; attempts: number; parked_at: string } | null;
    /** Null unless `dropped`. */
    dropped_at: string | null;
    /** What it waits for, of its destination's state; null unless `pending` or `retrying`. */
    waiting: {
      destination_status: DestinationState["status"];
      last_error: string | null;
      next_attempt_at: string | null;
      paused_reason: string | null;
    } | null;
  }[];
  /** What of the configuration could not be read: destinations that are not among these. */
  problems: { path: string; detail: string }[];
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
  /** Requests of which nothing was taken, by the code of the refusal: no part of the balance, their clients have the events. */
  refused: Record<string, number>;
  /** Of the events stored in these days, those that the tenant's retention has had removed since. */
  expired: number;
  balanced: boolean;
}
