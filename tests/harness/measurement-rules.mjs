/**
 * What Google says of Measurement Protocol requests: its rules for web streams, read from the sources that
 * /work/shared/wire/ga4.md gathers (sections in brackets) and from nothing of ours. Where these leave room, the narrower
 * reading holds: whoever keeps to it is safe by either.
 */

/** [§2, Limits: body < 130 kB] */
const MAX_BODY_BYTES = 130_000;
/** [§2, Limits: 25 events] */
const MAX_EVENTS = 25;
/** [§2, Limits: 25 params/event] That any of them do not count is nowhere said. */
const MAX_PARAMS = 25;
/** [§1.8, Collection limits: event name 40; param name 40] */
const MAX_NAME = 40;
/** [§1.8, Collection limits: param value 100, but page_title 300, page_referrer 420, page_location 1000] */
const MAX_VALUE = { page_title: 300, page_referrer: 420, page_location: 1_000 };
const MAX_OTHER_VALUE = 100;
/** [§2, Limits: items 200 with 10 custom params each] */
const MAX_ITEMS = 200;
const MAX_CUSTOM_ITEM_PARAMS = 10;
/** [§2, body fields: user_id ≤ 256] */
const MAX_USER_ID = 256;
/** [§2, Limits: 72 h back] */
const MAX_AGE_MICROS = 72 * 3_600 * 1e6;

/** [§2, body fields] */
const FIELDS = [
  "client_id", "user_id", "timestamp_micros", "user_properties", "user_data", "consent", "non_personalized_ads", "user_location",
  "ip_override", "device", "user_agent", "validation_behavior", "events",
];
/** [§2, body fields: user_location] */
const LOCATION = ["city", "region_id", "country_id", "subcontinent_id", "continent_id"];
/** [§1.7, codes] */
const ITEM_PARAMS = [
  "item_id", "item_name", "item_brand", "item_category", "item_category2", "item_category3", "item_category4", "item_category5", "item_variant",
  "price", "quantity", "coupon", "discount", "item_list_name", "item_list_id", "index", "affiliation", "promotion_id", "promotion_name",
  "creative_name", "creative_slot", "location_id",
];
/** [§2, Reserved event names] */
const RESERVED_EVENTS = new Set(`ad_activeview ad_click ad_exposure ad_query ad_reward adunit_exposure app_clear_data app_exception
  app_install app_remove app_store_refund app_update app_upgrade dynamic_link_app_open dynamic_link_app_update
  dynamic_link_first_open error firebase_campaign firebase_in_app_message_action firebase_in_app_message_dismiss
  firebase_in_app_message_impression first_open first_visit notification_dismiss notification_foreground notification_open
  notification_receive notification_send os_update session_start user_engagement`.split(/\s+/));
/** [§2, param prefixes; §1.8, Reserved in the client: names of events as well] */
const RESERVED_PREFIX = /^(_|firebase_|ga_|google_|gtag\.)/;
/** [§2, Reserved param] */
const RESERVED_PARAMS = new Set(["firebase_conversion"]);
/** [§1.8, Names: letter first, then letters/digits/underscore] */
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const length = (text) => [...text].length;

/**
 * What Google would say against a request.
 * @param {URLSearchParams} query @param {string} text its body @param {number} now Unix ms
 * @returns {{ fieldPath: string, description: string, validationCode: string }[]}
 */
export function complaintsOf(query, text, now = Date.now()) {
  const complaints = [];
  const say = (fieldPath, validationCode, description) => complaints.push({ fieldPath, description, validationCode });
  // [§2, URL]
  for (const name of ["measurement_id", "api_secret"]) if (!query.get(name)) say(name, "VALUE_REQUIRED", `${name} is required`);
  if (Buffer.byteLength(text) >= MAX_BODY_BYTES) say("", "VALUE_OUT_OF_BOUNDS", "the body is too large");
  let body;
  try {
    body = JSON.parse(text);
  } catch (error) {
    say("", "VALUE_INVALID", error.message);
  }
  if (!isObject(body)) {
    if (complaints.length === 0) say("", "VALUE_INVALID", "no object");
    return complaints;
  }
  sender(body, say);
  moment(body.timestamp_micros, "timestamp_micros", now, say);
  if (!Array.isArray(body.events) || body.events.length === 0) say("events", "VALUE_REQUIRED", "1 to 25 events");
  else if (body.events.length > MAX_EVENTS) say("events", "EXCEEDED_MAX_ENTITIES", "1 to 25 events");
  else for (const [at, one] of body.events.entries()) event(one, `events[${at}]`, now, say);
  return complaints;
}

/** [§2, body fields] */
function sender(body, say) {
  for (const name of Object.keys(body)) if (!FIELDS.includes(name)) say(name, "NAME_INVALID", "no such field");
  if (typeof body.client_id !== "string" || body.client_id === "") say("client_id", "VALUE_REQUIRED", "client_id is required");
  const texts = ["user_id", "user_agent", "ip_override"];
  for (const name of texts) if (name in body && (typeof body[name] !== "string" || body[name] === "")) say(name, "VALUE_INVALID", "no text");
  if (typeof body.user_id === "string" && length(body.user_id) > MAX_USER_ID) say("user_id", "VALUE_OUT_OF_BOUNDS", "too long");
  for (const [name, value] of Object.entries(body.consent ?? {})) {
    if (!["ad_user_data", "ad_personalization"].includes(name)) say(`consent.${name}`, "NAME_INVALID", "only these two");
    if (!["GRANTED", "DENIED"].includes(value)) say(`consent.${name}`, "VALUE_INVALID", "GRANTED or DENIED");
  }
  for (const [name, value] of Object.entries(body.user_location ?? {})) {
    if (!LOCATION.includes(name)) say(`user_location.${name}`, "NAME_INVALID", "no such field");
    if (name === "country_id" && !/^[A-Z]{2}$/.test(value)) say("user_location.country_id", "VALUE_INVALID", "two letters");
  }
}

/** [§2, timestamp_micros: int, also as a string; not older than 72 h] */
function moment(value, path, now, say) {
  if (value === undefined) return;
  const micros = Number(value);
  if (!/^\d+$/.test(String(value)) || !Number.isSafeInteger(micros)) say(path, "VALUE_INVALID", "whole microseconds");
  else if (micros < now * 1_000 - MAX_AGE_MICROS) say(path, "VALUE_OUT_OF_BOUNDS", "more than 72 hours ago");
}

function isName(name, path, say) {
  if (!NAME.test(name)) say(path, "NAME_INVALID", `[${name}] must start with a letter, and hold letters, digits and underscores`);
  if (length(name) > MAX_NAME) say(path, "NAME_INVALID", `[${name}] is too long`);
  if (RESERVED_PREFIX.test(name)) say(path, "NAME_RESERVED", `[${name}] has a reserved prefix`);
}

function event(one, path, now, say) {
  if (!isObject(one)) return say(path, "VALUE_INVALID", "no object");
  const { name, params = {}, timestamp_micros, ...rest } = one;
  if (typeof name !== "string") return say(`${path}.name`, "VALUE_REQUIRED", "an event has a name");
  for (const other of Object.keys(rest)) say(`${path}.${other}`, "NAME_INVALID", "no such field");
  isName(name, `${path}.name`, say);
  if (RESERVED_EVENTS.has(name)) say(`${path}.name`, "NAME_RESERVED", `[${name}] is reserved`);
  moment(timestamp_micros, `${path}.timestamp_micros`, now, say);
  if (!isObject(params)) return say(`${path}.params`, "VALUE_INVALID", "no object");
  if (Object.keys(params).length > MAX_PARAMS) say(`${path}.params`, "EXCEEDED_MAX_ENTITIES", "more than 25 parameters");
  for (const [name, value] of Object.entries(params)) param(name, value, `${path}.params.${name}`, now, say);
}

function param(name, value, path, now, say) {
  isName(name, path, say);
  if (RESERVED_PARAMS.has(name)) say(path, "NAME_RESERVED", `[${name}] is reserved`);
  // [§2, params of note]
  if (name === "items") return items(value, path, say);
  if (name === "timestamp_micros") return moment(value, path, now, say);
  if (name === "debug_mode" && typeof value === "boolean") return;
  if (["session_id", "engagement_time_msec"].includes(name) && !/^\d+$/.test(String(value))) say(path, "VALUE_INVALID", "digits");
  scalar(value, MAX_VALUE[name] ?? MAX_OTHER_VALUE, path, say);
}

function scalar(value, most, path, say) {
  if (typeof value === "string") {
    if (length(value) > most) say(path, "VALUE_OUT_OF_BOUNDS", `more than ${most} characters`);
  } else if (typeof value !== "number" || !Number.isFinite(value)) say(path, "VALUE_INVALID", "neither text nor number");
}

/** [§2, items: plain objects] An item without id and name is none: that is said of e-commerce events [§5]. */
function items(value, path, say) {
  if (!Array.isArray(value)) return say(path, "VALUE_INVALID", "items is a list");
  if (value.length > MAX_ITEMS) say(path, "EXCEEDED_MAX_ENTITIES", "more than 200 items");
  for (const [at, item] of value.entries()) {
    if (!isObject(item)) {
      say(`${path}[${at}]`, "VALUE_INVALID", "no object");
      continue;
    }
    if ([item.item_id, item.item_name].every((it) => it === undefined || it === "")) say(`${path}[${at}]`, "VALUE_REQUIRED", "item_id or item_name");
    const custom = Object.keys(item).filter((name) => !ITEM_PARAMS.includes(name));
    if (custom.length > MAX_CUSTOM_ITEM_PARAMS) say(`${path}[${at}]`, "EXCEEDED_MAX_ENTITIES", "more than 10 custom parameters");
    for (const [name, value] of Object.entries(item)) {
      isName(name, `${path}[${at}].${name}`, say);
      scalar(value, MAX_OTHER_VALUE, `${path}[${at}].${name}`, say);
    }
  }
}
