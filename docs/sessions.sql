-- The sessions of a log's visitors, from the times of their events alone: 30 minutes of idling end a session, and so
-- do 24 hours, whatever happens. It is the SDK's own rule (crates/tracker/src/session.rs, `sessions`), for whoever
-- wants to check `session_id`, or has events of clients that send none. tests/fixtures/sessions.json holds both to the
-- same answers.
--
-- One statement for the tenant's log (SQLite) and for a `domain_event` in PostgreSQL, whose session must be in UTC
-- (`set time zone 'UTC'`). For each event: the visitor, the number of the visitor's session from 1, when that began
-- (ms since 1970), and the SDK's `session_id` to compare.
--
-- It knows a visitor by `anonymous_id`, and by `user_id` where there is none. What it cannot see: a `reset()`, which
-- begins a session at once; a clock set back by more than 30 minutes into a running visit; an event that was given
-- another time than that of its capture; an event that was dropped, if nothing else happened for 30 minutes.
with recursive
  captured as (
    select
      coalesce(anonymous_id, user_id) as visitor,
      event_id,
      session_id,
      -- `2026-11-21T00:11:21.180Z` in SQLite, `2026-11-21 00:11:21.18+00` in PostgreSQL.
      cast(occurred_at as text) as moment
    from domain_event
    where source = 'browser' and coalesce(anonymous_id, user_id) is not null
  ),
  -- No function for moments is the same in both, hence Howard Hinnant's days since 0000-03-01 by arithmetic.
  dated as (
    select
      visitor, event_id, session_id,
      cast(substr(moment, 1, 4) as integer)
        - case when substr(moment, 6, 2) < '03' then 1 else 0 end as year_from_march,
      (cast(substr(moment, 6, 2) as integer) + 9) % 12 as month_from_march,
      cast(substr(moment, 9, 2) as integer) as day_of_month,
      cast(substr(moment, 12, 2) as integer) * 3600000
        + cast(substr(moment, 15, 2) as integer) * 60000
        + cast(substr(moment, 18, 2) as integer) * 1000
        + cast(replace(substr(moment, 21, 3), '+', '0') as integer) as ms_of_day
    from captured
  ),
  timed as (
    select
      visitor, event_id, session_id,
      cast(
        365 * year_from_march + year_from_march / 4 - year_from_march / 100 + year_from_march / 400
          + (153 * month_from_march + 2) / 5 + day_of_month - 719469 as bigint
      ) * 86400000 + ms_of_day as at_ms
    from dated
  ),
  paused as (
    select
      visitor, event_id, session_id, at_ms,
      case when at_ms - lag(at_ms) over (partition by visitor order by at_ms) >= 1800000 then 1 else 0 end as is_pause
    from timed
  ),
  -- A visit is what no pause of 30 minutes divides.
  visit as materialized (
    select
      visitor, event_id, session_id, at_ms,
      sum(is_pause) over (partition by visitor order by at_ms) as nth_visit
    from paused
  ),
  -- A session begins with its visit, and with the visit's first event 24 hours after the one before began.
  session (visitor, nth_visit, began_ms, visit_end_ms) as (
    select visitor, nth_visit, min(at_ms), max(at_ms) from visit group by visitor, nth_visit
    union all
    select
      s.visitor,
      s.nth_visit,
      (select min(v.at_ms) from visit v
       where v.visitor = s.visitor and v.nth_visit = s.nth_visit and v.at_ms >= s.began_ms + 86400000),
      s.visit_end_ms
    from session s
    where s.visit_end_ms >= s.began_ms + 86400000
  ),
  -- Events and beginnings on one line of time, and for each event the latest beginning: a join takes SQLite minutes.
  line as (
    select visitor, event_id, session_id, at_ms, null as began_ms from visit
    union all
    select visitor, null, null, began_ms, began_ms from session
  ),
  begun as (
    select
      visitor, event_id, session_id, at_ms,
      max(began_ms) over (partition by visitor order by at_ms) as began_ms
    from line
  )
select
  visitor,
  dense_rank() over (partition by visitor order by began_ms) as session,
  began_ms,
  event_id,
  session_id
from begun
where event_id is not null
order by visitor, began_ms, at_ms, event_id
