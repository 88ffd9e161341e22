-- The backend's table of events: the columns of the tenant's log, and the outbox's.

create sequence domain_event_seq;

create table domain_event (
  seq               bigint      not null default nextval('domain_event_seq'),
  event_id          uuid        not null,
  event_name        text        not null collate "C",
  occurred_at       timestamptz not null,
  received_at       timestamptz not null default now(),
  organization_id   text        not null collate "C",
  user_id           text,
  anonymous_id      text,
  session_id        text,
  entity_type       text,
  entity_id         text,
  correlation_id    text,
  source            text        not null default 'server',
  trust             text        not null default 'server',
  schema_version    integer     not null default 1,
  properties        json        not null default '{}',
  context           json        not null default '{}',
  is_processed      boolean     not null default false,
  processed_at      timestamptz,
  delivery_attempts integer     not null default 0,
  next_attempt_at   timestamptz not null default now(),
  lease             uuid,
  delivered_to      text[],
  constraint domain_event_key primary key (organization_id, event_id)
);

alter sequence domain_event_seq owned by domain_event.seq;

create index domain_event_name_time on domain_event (organization_id, event_name, occurred_at desc);
create index domain_event_time on domain_event (organization_id, occurred_at desc);
create index domain_event_entity on domain_event (organization_id, entity_type, entity_id, occurred_at desc)
  where entity_id is not null;
create index domain_event_user on domain_event (organization_id, user_id, occurred_at desc) where user_id is not null;
create index domain_event_correlation on domain_event (organization_id, correlation_id) where correlation_id is not null;
-- Small, whatever the table's size: what has been delivered is not in it.
create index domain_event_unprocessed on domain_event (next_attempt_at, seq) where not is_processed;

comment on table domain_event is
  'What happened: one row an event, unique by (organization_id, event_id). Written by Tallymark''s collector, and by services in their own transactions (emit_domain_event).';
comment on column domain_event.seq is 'Order of insertion, roughly: transactions that overlap commit in any order. No cursor.';
comment on column domain_event.event_id is 'Given where the event was captured: a UUID, version 7 when it is ours. Unique with organization_id: sending again changes nothing.';
comment on column domain_event.event_name is 'What happened, as the tracking plan names it; PostHog''s names for web events ($pageview).';
comment on column domain_event.occurred_at is 'When it happened, by its client''s clock; never shifted by how long it was under way.';
comment on column domain_event.received_at is 'When the collector had it, or the transaction began that wrote it.';
comment on column domain_event.organization_id is 'The tenant, from the key or the token; never from what a page claims.';
comment on column domain_event.user_id is 'Who did it, if known; how far to believe it: trust.';
comment on column domain_event.anonymous_id is 'The device or browser.';
comment on column domain_event.session_id is 'The visit.';
comment on column domain_event.entity_type is 'What it happened to: batch, inventory_item…';
comment on column domain_event.entity_id is 'Which one.';
comment on column domain_event.correlation_id is 'Ties together what one action caused, in page and back end.';
comment on column domain_event.source is 'browser, server, or the part of the back end that the event names.';
comment on column domain_event.trust is 'Who vouches for user_id and for the event''s having happened: key, origin, token or server, the last the most.';
comment on column domain_event.schema_version is 'Version of the event''s schema in the tracking plan.';
comment on column domain_event.properties is 'The event''s own properties: a JSON object, byte for byte as it was sent.';
comment on column domain_event.context is 'What surrounded it: client clocks, stream and sequence, library, consent.';
comment on column domain_event.is_processed is 'Outbox: whether every destination has it or gave it up. True from the start for what the collector stores, whose log delivers it.';
comment on column domain_event.processed_at is 'Outbox: since when it is so.';
comment on column domain_event.delivery_attempts is 'Outbox: how often a dispatcher has taken it on.';
comment on column domain_event.next_attempt_at is 'Outbox: not to be taken before. A dispatcher that takes it puts this past the end of its lease.';
comment on column domain_event.lease is 'Outbox: the dispatcher''s run that has it. Only that may settle it.';
comment on column domain_event.delivered_to is 'Outbox: destinations that are done with it while others are not.';

create table parked_delivery (
  organization_id text        not null collate "C",
  event_id        uuid        not null,
  destination     text        not null,
  reason          text        not null,
  attempts        integer     not null,
  parked_at       timestamptz not null default now(),
  primary key (organization_id, event_id, destination)
);

comment on table parked_delivery is 'Outbox: events that a destination did not take, and why. `tallymark dispatch --retry-parked` has them tried again.';

create table dead_letter (
  topic      text        not null,
  partition  integer     not null,
  "offset"   bigint      not null,
  key        bytea,
  payload    bytea       not null,
  reason     text        not null,
  arrived_at timestamptz not null default now(),
  primary key (topic, partition, "offset")
);

comment on table dead_letter is 'Messages of the event bus that are no events, byte for byte, and why (`tallymark sink`).';
