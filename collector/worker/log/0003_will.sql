-- What is to be a stream's last event if nothing more is heard of it, and what of that was executed.

create table will (
  stream_id      text    primary key,
  -- The event's, which is the same however often its page makes its will.
  event_id       text    not null,
  -- By the page's clock: of two wills of a stream the later holds.
  occurred_at    text    not null,
  due_ms         integer not null,
  -- UTC day of receipt, in whose books the event belongs.
  day            text    not null,
  -- Whether `row` is one of `quarantined_event`, not of `domain_event`.
  is_quarantined integer not null,
  -- What is stored, a JSON array: judged and tagged when it was received.
  row            text    not null
) without rowid;

create index will_due on will (due_ms);

-- The number of the stream's waiting will, null without one: whoever enters a report has read this row anyway.
alter table stream add column will_seq integer;

-- Executed wills that their streams have not numbered so far. The books have each as captured on its own.
create table executed_will (
  stream_id text not null,
  event_id  text not null,
  primary key (stream_id, event_id)
) without rowid;
