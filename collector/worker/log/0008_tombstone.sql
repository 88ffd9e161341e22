-- Who was forgotten, and that they stay so.

-- Whose event a quarantined one is, as far as it can be told: what its row would have as user_id, or else as anonymous_id.
alter table quarantined_event add column subject text;
update quarantined_event set subject = coalesce(
    provenance->>'user_id', body->'properties'->>'$user_id', body->>'user_id', body->>'distinct_id',
    body->'properties'->>'distinct_id', body->>'anonymous_id')
  where json_valid(body) and json_type(body) = 'object';

-- Links to a user, of ids that are another's.
create index identity_link_user on identity_link (user_id);

-- Orders and what has come of them. No personal data in here: the subject is a pseudonym under the log's own salt.
create table erasure (
  seq              integer primary key autoincrement,
  erasure_id       text    not null unique,
  organization_id  text    not null,
  subject          text    not null,
  mode             text    not null,
  requested_at     text    not null,
  completed_at     text,
  -- What was found: ids that are the subject's, links between ids, last wills, and rows gone or cut so far.
  ids              integer not null,
  links            integer not null,
  wills            integer not null,
  events           integer not null default 0,
  quarantined      integer not null default 0,
  -- Rows up to `event_seq` and `quarantined_seq` are done; there is nothing of the subject's beyond the ends.
  event_seq        integer not null default 0,
  event_end        integer not null,
  quarantined_seq  integer not null default 0,
  quarantined_end  integer not null
);

create index erasure_under_way on erasure (seq) where completed_at is null;

-- The subject's ids as rows have them, as long as rows are looked for.
create table erasure_id (
  erasure_seq integer not null,
  id          text    not null,
  primary key (erasure_seq, id)
) without rowid;

-- Ids of which nothing is taken any more: pseudonyms. Of two erasures for one id the later stands here.
create table tombstone (
  pseudonym   text    primary key,
  erasure_seq integer not null
) without rowid;

-- Events that are gone or were refused: a retry is a duplicate of what is not there.
create table erased_event (
  event_id text primary key
) without rowid;

-- Made with the first erasure. It never leaves the log.
create table erasure_salt (
  salt text not null
);
