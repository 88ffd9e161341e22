insert into domain_event (event_id, event_name, occurred_at, received_at, organization_id, user_id, anonymous_id,
  session_id, entity_type, entity_id, correlation_id, source, trust, schema_version, properties, context, is_processed,
  processed_at)
select event_id, event_name,
  -- PostgreSQL has no year 0: what others write so is 1 BC.
  case when occurred_at like '0000-%' then ('0001' || substr(occurred_at, 5) || ' BC')::timestamptz
    else occurred_at::timestamptz end,
  received_at, organization_id, user_id, anonymous_id, session_id, entity_type, entity_id, correlation_id, source, trust,
  schema_version, properties::json, context::json, true, now()
from unnest(
  $1::text::uuid[], $2::text::text[], $3::text::text[], $4::text::timestamptz[], $5::text::text[], $6::text::text[],
  $7::text::text[], $8::text::text[], $9::text::text[], $10::text::text[], $11::text::text[], $12::text::text[],
  $13::text::text[], $14::text::integer[],
  -- PostgreSQL's texts hold no NUL, and one in a member would fail every query that looks into that row's properties.
  string_to_array(case when strpos($15::text, '\u0000') > 0
    then regexp_replace($15::text, '(?<!\\)((\\\\)*)\\u0000', '\1\\ufffd', 'g') else $15::text end, E'\x1e'),
  string_to_array(case when strpos($16::text, '\u0000') > 0
    then regexp_replace($16::text, '(?<!\\)((\\\\)*)\\u0000', '\1\\ufffd', 'g') else $16::text end, E'\x1e')
) as row (event_id, event_name, occurred_at, received_at, organization_id, user_id, anonymous_id, session_id,
  entity_type, entity_id, correlation_id, source, trust, schema_version, properties, context)
-- In one order, whoever sends: two that store the same rows at once wait for each other, and never in a circle.
order by organization_id, event_id
on conflict do nothing
