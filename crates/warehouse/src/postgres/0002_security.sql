-- Who may do what: a service that writes, and readers who see one tenant.

do $$
declare
  role_name text;
begin
  foreach role_name in array array['tallymark_service', 'tallymark_tenant'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      begin
        execute format('create role %I nologin', role_name);
      exception
        -- Another database of this server is being migrated at the same time.
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise insufficient_privilege using
            message = format('role %s is missing, and %s may not create it', role_name, current_user),
            hint = 'have an administrator run: create role tallymark_service nologin; create role tallymark_tenant nologin;';
      end;
    end if;
  end loop;
end
$$;

grant select, insert, update, delete on domain_event, parked_delivery, dead_letter to tallymark_service;
grant usage on sequence domain_event_seq to tallymark_service;
grant select on domain_event to tallymark_tenant;

-- Not forced: the owner, which an application that came before these roles connects as, sees all as before.
alter table domain_event enable row level security;
alter table parked_delivery enable row level security;
alter table dead_letter enable row level security;

create policy service on domain_event to tallymark_service using (true) with check (true);
create policy service on parked_delivery to tallymark_service using (true) with check (true);
create policy service on dead_letter to tallymark_service using (true) with check (true);
-- Without the setting it is null, or empty once it has been set in this session: no row either way.
create policy tenant_read on domain_event for select to tallymark_tenant
  using (organization_id = nullif(current_setting('tallymark.organization_id', true), ''));

comment on policy tenant_read on domain_event is
  'set local tallymark.organization_id = ''org_1'' chooses the tenant whose rows a member of tallymark_tenant sees.';
