-- For services that write events in their own transactions.

-- RFC 9562: 48 bits of milliseconds in front, so that indexes grow at their end; 74 random bits.
create function tallymark_uuid_v7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

comment on function tallymark_uuid_v7 is 'A UUIDv7 of now.';

create function emit_domain_event(
  event_name      text,
  properties      json        default '{}',
  organization_id text        default null,
  user_id         text        default null,
  entity_type     text        default null,
  entity_id       text        default null,
  correlation_id  text        default null,
  source          text        default 'server',
  schema_version  integer     default 1,
  occurred_at     timestamptz default null,
  event_id        uuid        default null
) returns uuid language plpgsql as $$
-- Parameters bear the columns' names, which is how callers write them: `properties => …`.
#variable_conflict use_variable
declare
  tenant text := coalesce(nullif(organization_id, ''), nullif(current_setting('tallymark.organization_id', true), ''));
  actor text := coalesce(nullif(user_id, ''), nullif(current_setting('tallymark.user_id', true), ''));
  cause text := coalesce(nullif(correlation_id, ''), nullif(current_setting('tallymark.correlation_id', true), ''));
  id uuid := coalesce(event_id, tallymark_uuid_v7());
  own json := coalesce(properties, '{}');
  field text;
  value text;
begin
  if tenant is null then
    raise null_value_not_allowed using message = 'emit_domain_event: organization_id is missing',
      hint = 'pass organization_id => …, or once a transaction: set local tallymark.organization_id = ''…''';
  end if;
  if event_name is null or event_name !~ '\S' or char_length(event_name) > 200 then
    raise invalid_parameter_value using message = 'emit_domain_event: event_name is missing or blank or longer than 200 characters',
      hint = 'name it as the tracking plan does, for example batch_started';
  end if;
  if json_typeof(own) <> 'object' then
    raise invalid_parameter_value using
      message = format('emit_domain_event: properties is %s %s, not an object',
        case when json_typeof(own) = 'array' then 'an' else 'a' end, json_typeof(own)),
      hint = 'pass a JSON object, for example {"scale": 2}';
  end if;
  if octet_length(own::text) > 921600 then
    raise program_limit_exceeded using
      message = format('emit_domain_event: properties has %s bytes, more than 921,600', octet_length(own::text)),
      hint = 'keep what is large elsewhere, and its id here; 2 KiB is a good size';
  end if;
  if own::text ~ '(?<!\\)(\\\\)*\\u0000' then
    raise invalid_parameter_value using message = 'emit_domain_event: properties holds a NUL character, which no text of PostgreSQL can',
      hint = 'leave \u0000 out';
  end if;
  for field, value in values ('organization_id', tenant), ('user_id', actor), ('entity_type', entity_type),
    ('entity_id', entity_id), ('correlation_id', cause), ('source', source)
  loop
    if char_length(value) > 200 then
      raise invalid_parameter_value using
        message = format('emit_domain_event: %s has %s characters, more than 200', field, char_length(value)),
        hint = 'an id is a reference, not a text';
    end if;
  end loop;

  insert into domain_event (event_id, event_name, occurred_at, organization_id, user_id, entity_type, entity_id,
    correlation_id, source, trust, schema_version, properties)
  values (id, event_name, coalesce(occurred_at, clock_timestamp()), tenant, actor, nullif(entity_type, ''),
    nullif(entity_id, ''), cause, coalesce(nullif(source, ''), 'server'), 'server', coalesce(schema_version, 1), own)
  on conflict do nothing;
  return id;
end
$$;

comment on function emit_domain_event is
  'Writes an event in the caller''s transaction and gives its id: it is delivered if and only if that commits. organization_id, user_id and correlation_id default to the settings tallymark.organization_id, tallymark.user_id and tallymark.correlation_id. An event_id that is there already changes nothing.';
