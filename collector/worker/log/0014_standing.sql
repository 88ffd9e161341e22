-- What `GET /v1/deliveries/<event_id>` tells apart, and the cursor alone does not.

-- Nothing up to this seq has ever been the destination's business: it wants what comes from then on. Of one that was there
-- before this column nobody knows any more.
alter table destination add column begun_after integer not null default 0;

-- What was parked and is given up: lies behind the cursor like what was delivered.
create table dropped_delivery (
  destination text    not null,
  seq         integer not null,
  dropped_at  text    not null,
  primary key (destination, seq)
) without rowid;

create index dropped_delivery_seq on dropped_delivery (seq);
