-- Whose each event of a log is: the person behind its `user_id`, or without one behind its `anonymous_id`.
--
-- For the tenant's log (SQLite), whose view `person_event` is the same, and for PostgreSQL with `domain_event` and the
-- rows of `GET /v1/identities` in a table `identity`. `person_id` is one of the person's ids; whoever is linked to
-- nobody is a person of its own. Events of nobody (neither id) have none.
select
  e.event_id,
  e.occurred_at,
  e.event_name,
  coalesce(i.person_id, e.user_id, e.anonymous_id) as person_id
from domain_event e
left join identity i on i.id = coalesce(e.user_id, e.anonymous_id)
