with due as (
  select organization_id, event_id from domain_event
  where not is_processed and next_attempt_at <= least(now(), $4::text::timestamptz)
  order by next_attempt_at, seq limit $1
  -- What another dispatcher is claiming is not waited for.
  for update skip locked
)
update domain_event e
set next_attempt_at = now() + $2 * interval '1 millisecond', lease = $3::text::uuid, delivery_attempts = delivery_attempts + 1
from due where e.organization_id = due.organization_id and e.event_id = due.event_id
returning
  json_build_object('seq', seq, 'event_id', e.event_id, 'event_name', event_name,
    'occurred_at', to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'received_at', to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'organization_id', e.organization_id, 'user_id', user_id, 'anonymous_id', anonymous_id, 'session_id', session_id,
    'entity_type', entity_type, 'entity_id', entity_id, 'correlation_id', correlation_id, 'source', source,
    'trust', trust, 'schema_version', schema_version, 'properties', properties, 'context', context)::text as row,
  delivery_attempts, coalesce(delivered_to, '{}') as delivered_to
