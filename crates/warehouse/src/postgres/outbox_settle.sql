with settled as (
  select * from json_to_recordset($1::text::json)
    as one (organization_id text, event_id uuid, is_done boolean, is_tried boolean, next_at timestamptz, delivered_to text[], parked json)
), parked as (
  insert into parked_delivery (organization_id, event_id, destination, reason, attempts)
  select s.organization_id, s.event_id, p.destination, p.reason, p.attempts
  from settled s, json_to_recordset(s.parked) as p (destination text, reason text, attempts integer)
  on conflict (organization_id, event_id, destination)
    do update set reason = excluded.reason, attempts = excluded.attempts, parked_at = now()
)
update domain_event e
set is_processed = s.is_done, processed_at = case when s.is_done then now() end, next_attempt_at = s.next_at, lease = null,
  delivery_attempts = e.delivery_attempts - case when s.is_tried then 0 else 1 end,
  -- What is done and parked nowhere needs no list.
  delivered_to = case when not s.is_done or json_array_length(s.parked) > 0 or exists (
    select from parked_delivery p where p.organization_id = e.organization_id and p.event_id = e.event_id
  ) then s.delivered_to end
from settled s
where e.organization_id = s.organization_id and e.event_id = s.event_id and e.lease = $2::text::uuid
