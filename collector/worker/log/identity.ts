/**
 * Who is who. The caller holds the transaction.
 *
 * Events link an id to a user. Which links hold follows from all that are known, not from the order in which they
 * came, so a retry, a late batch and a back-fill give the same persons:
 *
 * - Of an id's links one holds: the most trusted, of those the earliest. A device that two users share is the first
 *   one's, and does not make one person of both; their own events name them anyway.
 * - What the tenant's back end states (`is_stated`) holds besides.
 * - No link holds that is less trusted than whoever has named its id as a user's own: a page can't give away a user
 *   whom the back end knows. Neither can another page, with another user's token, whom a token has named.
 *
 * Ids that are joined by links that hold are one person, however long the chain or whether it runs in a ring.
 */
import { changes } from "./rows.ts";

/**
 * Most ids of one person. A person is settled anew when a link changes, on the object's only thread: 1,000 ids take it
 * a few milliseconds. Beyond, links are kept but join nothing: it is a shared id or a forgery, and no person.
 */
const MAX_IDS = 1_000;

/** `[kind, id, user_id, occurred_at, event_id, trust, is_stated]`: an entry of `Batch.links`. */
type Link = readonly [string, string, string, string, string, string, boolean];

/** From the least trusted: the rank of a trust is its place in here, as 0005_token.sql has it, too. */
const TRUSTS = ["key", "origin", "token", "server"];
const rankOf = (trust: string) => `instr('${TRUSTS.join(" ")}', ${trust})`;

/** Both figures only ever improve, so their order is none of the result's business. A link that improves nothing changes nothing. */
const ENTER = `
  insert into identity_link (kind, id, user_id, first_at, first_event_id, trust, is_stated)
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  on conflict (id, user_id) do update set
    kind = iif((excluded.first_at, excluded.first_event_id) < (first_at, first_event_id), excluded.kind, kind),
    first_event_id = iif((excluded.first_at, excluded.first_event_id) < (first_at, first_event_id),
      excluded.first_event_id, first_event_id),
    first_at = min(first_at, excluded.first_at),
    trust = iif(${rankOf("excluded.trust")} > ${rankOf("trust")}, excluded.trust, trust),
    is_stated = max(is_stated, excluded.is_stated)
  where (excluded.first_at, excluded.first_event_id) < (first_at, first_event_id) or ${rankOf("excluded.trust")} > ${rankOf("trust")}
    or excluded.is_stated > is_stated`;

const WRITE = `
  replace into identity (id, person_id, trust)
  select value->>0, value->>1, value->>2 from json_each(?1)`;

/** Of an id `i`, the user whose it is by its own links. */
const HELD = `
  select user_id from identity_link l
  where l.id = i.id and l.is_stated = 0
    and (i.trust is null or ${rankOf("l.trust")} >= ${rankOf("iif(i.trust = 'token', 'server', i.trust)")})
  order by ${rankOf("l.trust")} desc, l.first_at, l.first_event_id, l.user_id limit 1`;

const HELD_OF_ID = `select (${HELD}) as user_id from identity i where i.id = ?1`;

/** The links that hold among the ids of one person or two. */
const HELD_OF_PERSONS = `
  select i.id, (${HELD}) as user_id, 0 as is_stated from identity i where i.person_id in (?1, ?2)
  union all
  select l.id, l.user_id, 1 from identity i join identity_link l on l.id = i.id and l.is_stated = 1
  where i.person_id in (?1, ?2)`;

/** A row of `identity`. */
type Identity = { id: string; person_id: string; trust: string | null };

type Held = { id: string; user_id: string | null; is_stated: number };

/** Enters what a request's events say, and brings the persons up to date. */
export function enterLinks(sql: SqlStorage, links: string): void {
  for (const link of JSON.parse(links) as Link[]) {
    const [kind, id, userId, at, eventId, trust, isStated] = link;
    sql.exec(ENTER, kind, id, userId, at, eventId, trust, isStated ? 1 : 0);
    if (changes(sql) > 0) join(sql, id, userId, trust, isStated);
  }
}

/** Brings the persons of a link that is new, or has improved, up to date. */
function join(sql: SqlStorage, id: string, userId: string, trust: string, isStated: boolean): void {
  const known = find(sql, id);
  const user = find(sql, userId);
  const isTrustedUser = user?.trust != null && TRUSTS.indexOf(user.trust) >= TRUSTS.indexOf(trust);
  const before = known ?? { id, person_id: id, trust: null };
  const named = isTrustedUser ? user : { person_id: userId, ...user, id: userId, trust };
  // The link's id in any case, for who follows the changes.
  write(sql, isTrustedUser ? [before] : [before, named]);
  // By far the most are new devices, and then devices that are another's already: they change nothing else.
  const isUserAsBefore = user === undefined || isTrustedUser;
  if (isUserAsBefore && !isStated && heldBy(sql, id) !== userId) return;
  if (isUserAsBefore && !isStated && known === undefined) {
    if (sizeOf(sql, named.person_id, named.person_id) < MAX_IDS) write(sql, [{ ...before, person_id: named.person_id }]);
    return;
  }
  settle(sql, before.person_id, named.person_id);
}

/** Finds the persons among the ids of one person or two. Links that hold never lead out of them, but for full ones. */
function settle(sql: SqlStorage, first: string, second: string): void {
  if (first !== second && sizeOf(sql, first, second) > MAX_IDS) {
    settle(sql, first, first);
    settle(sql, second, second);
    return;
  }
  const members = sql
    .exec<Identity>("select id, person_id, trust from identity where person_id in (?1, ?2) order by id", first, second)
    .toArray();
  const neighbours = new Map(members.map(({ id }) => [id, [] as string[]]));
  const given = new Set<string>();
  for (const { id, user_id, is_stated } of sql.exec<Held>(HELD_OF_PERSONS, first, second)) {
    if (user_id === null || !neighbours.has(user_id)) continue;
    neighbours.get(id)?.push(user_id);
    neighbours.get(user_id)?.push(id);
    if (is_stated === 0) given.add(id);
  }
  // The id that stands for a person: one that is no device's, named as a user's, by the most trusted; else the first.
  const rank = ({ id, trust }: Identity) => (given.has(id) ? 0 : 5) + TRUSTS.indexOf(trust ?? "") + 1;
  const byRank = members.toSorted((a, b) => rank(b) - rank(a));
  const personOf = new Map<string, string>();
  for (const { id } of byRank) {
    if (personOf.has(id)) continue;
    const reached = [id];
    for (const one of reached) {
      if (personOf.has(one)) continue;
      personOf.set(one, id);
      reached.push(...(neighbours.get(one) ?? []));
    }
  }
  write(sql, members.flatMap((member) => {
    const person_id = personOf.get(member.id) ?? member.id;
    return person_id === member.person_id ? [] : [{ ...member, person_id }];
  }));
}

function find(sql: SqlStorage, id: string): Identity | undefined {
  return sql.exec<Identity>("select id, person_id, trust from identity where id = ?1", id).toArray()[0];
}

function heldBy(sql: SqlStorage, id: string): string | null {
  return sql.exec<{ user_id: string | null }>(HELD_OF_ID, id).one().user_id;
}

function sizeOf(sql: SqlStorage, first: string, second: string): number {
  return sql.exec<{ n: number }>("select count(*) as n from identity where person_id in (?1, ?2)", first, second).one().n;
}

function write(sql: SqlStorage, identities: Identity[]): void {
  if (identities.length === 0) return;
  sql.exec(WRITE, JSON.stringify(identities.map(({ id, person_id, trust }) => [id, person_id, trust])));
}
