-- Requests that were refused whole, by the UTC day and the code of the refusal. No part of the books: nothing was taken.
create table refused_request (
  day   text    not null,
  code  text    not null,
  count integer not null,
  primary key (day, code)
) without rowid;
