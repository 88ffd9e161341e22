-- emit_domain_event refuses what the collector refuses, too: JSON that PostgreSQL stores as text, and that nobody can load who
-- reads the row or its message from the bus.

-- Of texts, what no text can be: a NUL, half a surrogate pair. Gives what is wrong and the remedy, or null.
create function tallymark_text_unfit(properties json) returns text[] language plpgsql immutable parallel safe as $$
declare
  -- Without escaped backslashes, so that each one left begins an escape, and without whole pairs.
  bare text := regexp_replace(replace(properties::text, '\\', ''),
    '\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}', '', 'g');
  at integer := regexp_instr(bare, '\\u(?:0000|[dD][89a-fA-F])');
  token text := substr(bare, at, 6);
  place text;
begin
  if at = 0 then
    return null;
  end if;
  -- By the text: functions for JSON can't read it, either.
  place := case
    when substr(bare, at) ~ '^(?:[^"\\]|\\.)*"\s*:' then 'the name of a member'
    else format('"%s"', left(substring(left(bare, at - 1) from '.*"((?:[^"\\]|\\.)*)"\s*:'), 200))
  end;
  if token = '\u0000' then
    return array[format('properties holds a NUL character (\u0000) in %s, which no text of PostgreSQL can', place), 'leave \u0000 out'];
  end if;
  return array[format('properties holds half a surrogate pair (%s) in %s, which is no character', token, place),
    'a text was cut in the midst of a character: cut it between two, or leave the half out'];
end
$$;

comment on function tallymark_text_unfit is 'What is wrong with the texts in a JSON value, and the remedy; or null.';

-- By its digits: `numeric` has ends of its own, and `double precision` an error for what is near zero, too.
create function tallymark_is_beyond_double(number text) returns boolean language plpgsql immutable parallel safe as $$
declare
  part text[] := regexp_match(number, '^-?0*([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]*))?$');
  fraction text := coalesce(part[2], '');
  digits text := ltrim(part[1] || fraction, '0');
  exponent integer := coalesce((part[3] || left(nullif(part[4], ''), 9))::integer, 0);
  -- The number is 0.digits, its magnitude's tens.
  magnitude integer := exponent
    + case when part[1] <> '' then length(part[1]) else length(ltrim(fraction, '0')) - length(fraction) end;
begin
  return digits <> '' and (magnitude > 309 or magnitude = 309 and
    -- What is rounded to 2^1024: the midpoint between it and the largest double.
    digits collate "C" >=
      '1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963' ||
      '3028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027' ||
      '0069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792');
end
$$;

comment on function tallymark_is_beyond_double is 'Whether a JSON number is larger than a double can be.';

-- Of numbers, what no double can be. Gives what is wrong and the remedy, or null. The texts are in order.
create function tallymark_number_unfit(properties json) returns text[] language plpgsql immutable parallel safe as $$
declare
  numbers text := regexp_replace(properties::text, '"(?:[^"\\]|\\.)*"', '', 'g');
  large text;
  unfit text[];
begin
  for large in
    select match[1] from regexp_matches(numbers, '[0-9.]+[eE]\+?[0-9]{3,}|[0-9]{20,}[0-9.eE+-]*', 'g') as match
  loop
    continue when not tallymark_is_beyond_double(large);
    -- There is one: only now is it worth looking where.
    with recursive member(path, value) as (
      select key, value from json_each(properties)
      union all
      select path || step, part.value
      from member, lateral (
        select '.' || key, value from json_each(case json_typeof(member.value) when 'object' then member.value else '{}' end)
        union all
        select format('[%s]', n - 1), value
        from json_array_elements(case json_typeof(member.value) when 'array' then member.value else '[]' end)
          with ordinality as item(value, n)
      ) as part(step, value)
    )
    select array[format('properties.%s is larger than a double can be (1.8e308): %s', left(path, 200), left(value::text, 40)),
      'give a number within, or a text: "1e999"']
    into unfit
    from member
    where json_typeof(value) = 'number' and tallymark_is_beyond_double(value::text)
    limit 1;
    return unfit;
  end loop;
  return null;
end
$$;

comment on function tallymark_number_unfit is 'What is wrong with the numbers in a JSON value, and the remedy; or null.';

create or replace function emit_domain_event(
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
  unfit text[];
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
  -- For nearly all properties these two looks are all: a microsecond for 100 bytes, 4 for 1.5 kB.
  if strpos(own::text, '\u') > 0 and own::text ~ '\\u(?:0000|[dD][89a-fA-F])' then
    unfit := tallymark_text_unfit(own);
  end if;
  if unfit is null and own::text ~ '[0-9](?:[eE]\+?[0-9]{3}|[0-9]{20})'
    -- Not in the midst of an id, as most are.
    and own::text ~ '[:,[[:space:]]-?(?:[0-9.]+[eE]\+?[0-9]{3}|[0-9]{20})'
  then
    unfit := tallymark_number_unfit(own);
  end if;
  if unfit is not null then
    raise invalid_parameter_value using message = 'emit_domain_event: ' || unfit[1], hint = unfit[2];
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
