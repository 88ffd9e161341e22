-- What is not kept for ever.

-- The UTC day on which the id of an event that has expired is forgotten, too; null for those that were erased, whose ids
-- stay.
alter table erased_event add column forget_on text;
create index erased_event_forget_on on erased_event (forget_on) where forget_on is not null;

-- Rows that a replay has stored: older than those beside them in the order of commit.
create table replayed_event (
  seq         integer primary key,
  received_at text    not null
);
create index replayed_event_received on replayed_event (received_at);

-- How many of the events that the books have as stored are gone since, by the UTC day of their receipt.
create table expired_row (
  day   text    primary key,
  count integer not null
) without rowid;
