-- The tenant's log: one organization, and nothing else, lives in this database.

create table domain_event (
  -- Order of commit. AUTOINCREMENT: a number is never given twice, even after rows are erased, so that a
  -- cursor never skips.
  seq               integer primary key autoincrement,
  event_id          text    not null,
  event_name        text    not null,
  occurred_at       text    not null,
  received_at       text    not null,
  organization_id   text    not null,
  user_id           text,
  anonymous_id      text,
  session_id        text,
  entity_type       text,
  entity_id         text,
  correlation_id    text,
  source            text    not null,
  trust             text    not null,
  schema_version    integer not null,
  properties        text    not null,
  context           text    not null,
  is_processed      integer not null default 0,
  processed_at      text,
  delivery_attempts integer not null default 0
);

create unique index domain_event_id on domain_event (organization_id, event_id);
-- Ascending where other stores say `desc`: SQLite walks an index both ways, and time grows at its end,
-- where an insert is cheapest.
create index domain_event_name_time on domain_event (organization_id, event_name, occurred_at);
create index domain_event_time on domain_event (organization_id, occurred_at);
create index domain_event_unprocessed on domain_event (seq) where is_processed = 0;

create table quarantined_event (
  seq             integer primary key autoincrement,
  event_id        text not null,
  event_name      text,
  received_at     text not null,
  organization_id text not null,
  stream_id       text,
  -- Which rule it broke, where, what was expected there and what was found.
  rule            text not null,
  path            text not null,
  expected        text not null,
  got             text not null,
  sdk_version     text,
  -- The event, whole, as it came.
  body            text not null
);

create unique index quarantined_event_id on quarantined_event (organization_id, event_id);

-- The books: how many of what, by the UTC day of receipt. Written in the transaction of the rows they count.
create table ledger (
  day     text    not null,
  outcome text    not null,
  reason  text    not null default '',
  count   integer not null,
  primary key (day, outcome, reason)
) without rowid;

-- What each stream (one page's life) says it captured, beside what came of it.
create table stream (
  stream_id        text    primary key,
  seq_high         integer not null,
  accounted        integer not null,
  dropped          integer not null,
  last_received_at text    not null
) without rowid;

-- Streams whose numbers have gaps, or that account for more than they captured: few, and asked for often.
create index stream_unbalanced on stream (last_received_at) where seq_high <> accounted + dropped;

-- Drops that a stream has reported so far. The reports only grow: a late or repeated one changes nothing.
create table stream_drop (
  stream_id text    not null,
  reason    text    not null,
  count     integer not null,
  primary key (stream_id, reason)
) without rowid;
