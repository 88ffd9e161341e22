-- What streams say of themselves beyond their numbers.

-- When the stream first said that it can keep no copy of its events on disk; null if it never did.
alter table stream add column memory_only_since text;
create index stream_memory_only on stream (last_received_at) where memory_only_since is not null;

-- Of `count` drops that the stream has reported the ledger holds `booked`: all but those that have arrived after all,
-- which only events can that may have been sent before they were given up.
alter table stream_drop add column may_have_arrived integer not null default 0;
alter table stream_drop add column booked integer not null default 0;
update stream_drop set booked = count;
