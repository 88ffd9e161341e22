-- What a replay needs besides the event: how its request came, and what is no longer there to be replayed.

-- {"protocol","source","trust","context"}: the request's part of what decides about the event
-- (crates/ingest/src/provenance.rs). Null in rows older than this: they can be read and purged.
alter table quarantined_event add column provenance text;

-- When the event was given up. Its id stays, so that a retry is what it was before, a duplicate; nothing else does.
alter table quarantined_event add column purged_at text;

create index quarantined_event_rule on quarantined_event (rule, seq) where purged_at is null;
create index quarantined_event_name on quarantined_event (event_name, seq) where purged_at is null;
