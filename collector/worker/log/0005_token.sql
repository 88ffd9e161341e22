-- A trust between 'origin' and 'server', 'token': the names no longer sort as they are trusted, and a rank does.

drop index identity_link_order;

create index identity_link_order
  on identity_link (id, is_stated desc, instr('key origin token server', trust) desc, first_at, first_event_id, user_id);
