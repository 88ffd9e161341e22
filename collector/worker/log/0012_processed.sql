-- What every destination has follows from how far the slowest is, and is no longer written to each event: that cost a row
-- written, and two of an index that nobody asked.
drop index domain_event_unprocessed;

-- Since when events up to a seq are processed; those of one second have one row.
create table processed_until (
  seq integer primary key,
  at  text not null
);
insert into processed_until (seq, at) select seq, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') from processed where seq > 0;

-- The outbox's columns, event by event. In the table itself stand the exceptions: when an event was processed that had been
-- parked, and the attempts of one that took more than the first.
create view event_delivery as
select seq, event_id, is_processed,
  iif(is_processed, coalesce(processed_at, (select at from processed_until u where u.seq >= e.seq order by u.seq limit 1)), null)
    as processed_at,
  max(delivery_attempts, is_processed) as delivery_attempts
from (
  select seq, event_id, processed_at, delivery_attempts,
    seq <= (select seq from processed) and not exists (select 1 from parked_delivery p where p.seq = domain_event.seq)
      as is_processed
  from domain_event
) e;
