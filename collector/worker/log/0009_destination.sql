-- Where events go on to: how far each destination is, and what it would not take.

-- A row is the State of crates/delivery, column by field. Times are Unix time in ms. A destination that is no longer
-- configured keeps its row: its name may come back, and is then where it was.
create table destination (
  name                 text    primary key,
  fingerprint          text    not null,
  cursor               integer not null,
  -- JSON array of seqs.
  ahead                text    not null,
  request_limit        integer not null,
  attempts             integer not null,
  failing_since_ms     integer,
  next_at_ms           integer not null,
  lease_id             text,
  lease_until_ms       integer not null,
  parked_in_a_row      integer not null,
  paused_reason        text,
  last_error           text,
  last_error_at_ms     integer,
  last_delivered_at_ms integer,
  delivered            integer not null
) without rowid;

-- Events that a destination has refused, or failed over time and again: somebody is to retry or to drop them.
create table parked_delivery (
  destination text    not null,
  seq         integer not null,
  reason      text    not null,
  status      integer,
  detail      text    not null,
  attempts    integer not null,
  parked_at   text    not null,
  -- Whether it is to be tried again.
  is_due      integer not null default 0,
  primary key (destination, seq)
) without rowid;

create index parked_delivery_seq on parked_delivery (seq);
create index parked_delivery_due on parked_delivery (destination, seq) where is_due = 1;

-- Up to which seq events are marked as processed: one row.
create table processed (
  id  integer primary key check (id = 1),
  seq integer not null
);
insert into processed (id, seq) values (1, 0);
