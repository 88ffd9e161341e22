insert into dead_letter (topic, partition, "offset", key, payload, reason)
select $1::text, partition, "offset", key, payload, reason
from unnest($2::integer[], $3::bigint[], $4::bytea[], $5::bytea[], $6::text[])
  as letter (partition, "offset", key, payload, reason)
-- In one order, whoever sends: two that store the same letters at once wait for each other, and never in a circle.
order by partition, "offset"
on conflict (topic, partition, "offset") do update
  set key = excluded.key, payload = excluded.payload, reason = excluded.reason, arrived_at = now()
  where (dead_letter.key, dead_letter.payload) is distinct from (excluded.key, excluded.payload)
