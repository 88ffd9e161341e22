-- Who is who: the ids that events came with, and the person that each belongs to.

-- What events say: that `id` is another one of `user_id`'s. What the persons below follow from.
create table identity_link (
  id             text    not null,
  user_id        text    not null,
  -- How the earliest event said it (`together`, `identify`, `alias`, `merge`), and which that was.
  kind           text    not null,
  first_at       text    not null,
  first_event_id text    not null,
  -- The best that has said it: 'key' < 'origin' < 'server', as the names sort.
  trust          text    not null,
  -- Whether the tenant's own back end has said that the two are one.
  is_stated      integer not null,
  primary key (id, user_id)
) without rowid;

-- An id's links in the order in which they are believed.
create index identity_link_order
  on identity_link (id, is_stated desc, trust desc, first_at, first_event_id, user_id);

-- What is made of it, kept up to date in the transaction of the events (identity.ts).
create table identity (
  -- Given anew whenever the row changes: a cursor on changes.
  seq       integer primary key autoincrement,
  id        text    not null unique,
  -- One of the person's ids, the same for all of them.
  person_id text    not null,
  -- The best trust with which an event has named it as a user's own; null if none has.
  trust     text
);

create index identity_person on identity (person_id);

-- Events and the persons they are of.
create view person_event as
  select coalesce(i.person_id, e.user_id, e.anonymous_id) as person_id, e.*
  from domain_event e left join identity i on i.id = coalesce(e.user_id, e.anonymous_id);
