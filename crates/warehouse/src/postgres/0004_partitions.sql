-- Tables of more than 50 million rows: a partition a month. Nothing here is used until
-- tallymark_partition_domain_event() is called, which `tallymark migrate --partitioned` does.
--
-- Architecture invariant: (organization_id, event_id) stays unique. An index of a partitioned table is unique only
-- together with what it is partitioned by, and a repeated event may claim another time: so the ids are in one table of
-- their own, which a trigger asks, whoever inserts.

create function domain_event_insert() returns trigger language plpgsql security definer set search_path from current as $$
begin
  insert into domain_event_id (organization_id, event_id) values (new.organization_id, new.event_id) on conflict do nothing;
  -- What is there already is not inserted again, as by `on conflict do nothing`.
  return case when found then new end;
end
$$;

-- Also called when an update moves a row to another month, which is a delete and an insert.
create function domain_event_delete() returns trigger language plpgsql security definer set search_path from current as $$
begin
  delete from domain_event_id i where i.organization_id = old.organization_id and i.event_id = old.event_id;
  return old;
end
$$;

create function tallymark_add_months(ahead integer default 3) returns integer
language plpgsql set search_path from current set timezone = 'UTC' as $$
declare
  first date := date_trunc('month', now());
  made integer := 0;
  month date;
  name text;
  -- domain_event_before has the months until there.
  before_ends timestamptz;
begin
  if not exists (select from pg_class where oid = 'domain_event'::regclass and relkind = 'p') then
    return 0;
  end if;
  -- Of two that add months at once the second finds them there.
  lock table domain_event in share update exclusive mode;
  select substring(pg_get_expr(relpartbound, oid) from 'TO \(''([^'']+)')::timestamptz into before_ends
    from pg_class where oid = to_regclass('domain_event_before');
  for month in select generate_series(first, first + make_interval(months => ahead), '1 month') loop
    name := 'domain_event_' || to_char(month, 'YYYY_MM');
    continue when to_regclass(name) is not null or month < before_ends;
    execute format('create table %I (like domain_event including defaults including indexes including comments)', name);
    -- What came for the month before there was a partition for it, by clocks that are ahead.
    execute format('with moved as (delete from domain_event_default where occurred_at >= %L and occurred_at < %L returning *)
      insert into %I select * from moved', month, month + interval '1 month', name);
    -- The delete has taken them for gone.
    execute format('insert into domain_event_id select organization_id, event_id from %I on conflict do nothing', name);
    execute format('alter table domain_event attach partition %I for values from (%L) to (%L)',
      name, month, month + interval '1 month');
    execute format('create index on %I (organization_id, event_id)', name);
    execute format('alter table %I enable row level security', name);
    made := made + 1;
  end loop;
  return made;
end
$$;

comment on function tallymark_add_months is
  'Makes the partitions of this month and the next ones, where they are missing; how many it has made. Call it once a month, for example by pg_cron; until it is, new months'' rows are kept in domain_event_default.';

create function tallymark_drop_partition(partition regclass) returns bigint
language plpgsql set search_path from current as $$
declare
  gone bigint;
begin
  if not exists (select from pg_inherits where inhparent = 'domain_event'::regclass and inhrelid = partition) then
    raise invalid_parameter_value using message = format('%s is no partition of domain_event', partition),
      hint = '\d+ domain_event lists them';
  end if;
  execute format('lock table %s in access exclusive mode', partition);
  execute format('delete from domain_event_id i using %s e
    where i.organization_id = e.organization_id and i.event_id = e.event_id', partition);
  get diagnostics gone = row_count;
  execute format('drop table %s', partition);
  return gone;
end
$$;

comment on function tallymark_drop_partition is 'Drops a month with its ids; how many events there were.';

create function tallymark_partition_domain_event() returns boolean
language plpgsql set search_path from current set timezone = 'UTC' as $$
declare
  next_month date := date_trunc('month', now()) + interval '1 month';
  in_the_way text;
  statement text;
  statements text[];
begin
  if exists (select from pg_class where oid = 'domain_event'::regclass and relkind = 'p') then
    return false;
  end if;
  lock table domain_event in access exclusive mode;

  -- They would stay with what becomes one partition.
  select string_agg(distinct thing, ', ') into in_the_way from (
    select 'view ' || r.ev_class::regclass from pg_depend d join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass and d.refobjid = 'domain_event'::regclass
    union all select 'constraint ' || conname from pg_constraint
      where contype = 'f' and 'domain_event'::regclass in (conrelid, confrelid)
    union all select 'trigger ' || tgname from pg_trigger where tgrelid = 'domain_event'::regclass and not tgisinternal
  ) as t (thing);
  if in_the_way is not null then
    raise dependent_objects_still_exist using message = format('domain_event has a %s', in_the_way),
      hint = 'drop it, partition, and make it again';
  end if;

  -- Everything that a new table is to have as the old one has it.
  select array_agg(s order by rank) into statements from (
    select 1, pg_get_indexdef(indexrelid) from pg_index where indrelid = 'domain_event'::regclass and not indisunique
    union all select 2, format('comment on table domain_event is %L', obj_description('domain_event'::regclass, 'pg_class'))
    union all select 3, format('grant %s on domain_event to %s', a.privilege_type,
        case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
      from pg_class c, aclexplode(c.relacl) a where c.oid = 'domain_event'::regclass
    union all select 4, 'alter table domain_event enable row level security'
    union all select 5, format('create policy %I on domain_event as %s for %s to %s', policyname, permissive, cmd,
          (select string_agg(quote_ident(r), ', ') from unnest(roles) r))
        || coalesce(' using (' || qual || ')', '') || coalesce(' with check (' || with_check || ')', '')
      from pg_policies where tablename = 'domain_event' and schemaname = current_schema
    union all select 6, format('comment on policy %I on domain_event is %L', polname, obj_description(oid, 'pg_policy'))
      from pg_policy where polrelid = 'domain_event'::regclass and obj_description(oid, 'pg_policy') is not null
  ) as t (rank, s);

  create table domain_event_id (organization_id text not null collate "C", event_id uuid not null);
  insert into domain_event_id select organization_id, event_id from domain_event order by organization_id, event_id;
  alter table domain_event_id add primary key (organization_id, event_id);
  comment on table domain_event_id is 'The ids of domain_event, in all of its partitions: what keeps them unique. Kept by triggers.';
  alter table domain_event_id enable row level security;

  for statement in
    select format('alter index %s rename to %I', i.indexrelid::regclass,
      replace(c.relname, 'domain_event', 'domain_event_before'))
    from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'domain_event'::regclass
  loop
    execute statement;
  end loop;
  alter table domain_event rename to domain_event_before;
  create table domain_event (like domain_event_before including defaults including comments) partition by range (occurred_at);
  alter sequence domain_event_seq owned by domain_event.seq;
  foreach statement in array statements loop
    execute statement;
  end loop;

  create table domain_event_default (like domain_event including defaults including comments);
  -- What claims to have happened in a month that is still to come.
  with later as (delete from domain_event_before where occurred_at >= next_month returning *)
  insert into domain_event_default select * from later;
  execute format('alter table domain_event attach partition domain_event_before for values from (minvalue) to (%L)', next_month);
  alter table domain_event attach partition domain_event_default default;
  create index on domain_event_default (organization_id, event_id);
  alter table domain_event_default enable row level security;

  -- Partitions are reached by their table alone, and its policies.
  for statement in
    select distinct format('revoke all on domain_event_before from %s', case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
      from pg_class c, aclexplode(c.relacl) a where c.oid = 'domain_event_before'::regclass and a.grantee <> c.relowner
    union all select format('drop policy %I on domain_event_before', polname) from pg_policy
      where polrelid = 'domain_event_before'::regclass
  loop
    execute statement;
  end loop;

  create trigger domain_event_insert before insert on domain_event for each row execute function domain_event_insert();
  create trigger domain_event_delete before delete on domain_event for each row execute function domain_event_delete();
  perform tallymark_add_months();
  return true;
end
$$;

comment on function tallymark_partition_domain_event is
  'Partitions domain_event by month of occurred_at; false if it is so already. What is there becomes one partition, as it stands; the table is locked for as long as its ids take to be copied and its rows to be checked.';
