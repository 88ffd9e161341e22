insert into domain_event (event_id, event_name, occurred_at, received_at, organization_id, user_id, anonymous_id,
  session_id, entity_type, entity_id, correlation_id, source, trust, schema_version, properties, context, is_processed,
  processed_at)
select event_id, event_name,
  -- PostgreSQL has no year 0: what others write so is 1 BC.
  case when occurred_at like '0000-%' then ('0001' || substr(occurred_at, 5) || ' BC')::timestamptz
    else occurred_at::timestamptz end,
  received_at, organization_id, user_id, anonymous_id, session_id, entity_type, entity_id, correlation_id, source, trust,
  schema_version, properties, context, true, now()
from json_to_recordset(
  -- PostgreSQL's texts hold no NUL, and one in a member would fail every query that looks into that row's properties.
  case when strpos($1::text, '\u0000') > 0 then regexp_replace($1::text, '(?<!\\)((\\\\)*)\\u0000', '\1\\ufffd', 'g')
    else $1::text end::json
) as row (event_id uuid, event_name text, occurred_at text, received_at timestamptz,
  organization_id text, user_id text, anonymous_id text, session_id text, entity_type text, entity_id text,
  correlation_id text, source text, trust text, schema_version integer, properties json, context json)
-- In one order, whoever sends: two that store the same rows at once wait for each other, and never in a circle.
order by organization_id, event_id
on conflict do nothing
