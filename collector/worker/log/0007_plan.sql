-- Events that break their tenant's tracking plan.

-- The version of the plan whose rule it broke; null if the rule is the collector's own.
alter table quarantined_event add column plan_version integer;
