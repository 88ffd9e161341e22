with again as (
  delete from parked_delivery where $1::text is null or destination = $1::text
  returning organization_id, event_id, destination
), events as (
  select organization_id, event_id, array_agg(destination) as destinations from again group by 1, 2
)
update domain_event e
set is_processed = false, processed_at = null, next_attempt_at = now(),
  -- Whoever has it just now has read that it is parked.
  lease = null,
  delivered_to = array(select name from unnest(e.delivered_to) name where name <> all (a.destinations))
from events a where e.organization_id = a.organization_id and e.event_id = a.event_id
