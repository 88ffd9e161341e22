-- Which of a destination's addresses is sent to, counted past their end. Kept when its cursor moves, which writes this row
-- anyway: the first one, if dead, would cost each batch a failure.
alter table destination add column address integer not null default 0;
