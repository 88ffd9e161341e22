/** Requests of which nothing was taken: beside the books, since their clients have the events and send or drop them. */

const COUNT = `
  insert into refused_request (day, code, count) select ?1, value->>0, value->>1 from json_each(?2) where true
  on conflict (day, code) do update set count = count + excluded.count`;

/** Adds to a day's; `counts`: a JSON array of `[code, requests]`, no code twice. */
export function enterRefused(sql: SqlStorage, day: string, counts: string): void {
  sql.exec(COUNT, day, counts);
}

/** How many there were in these days, both included, by code. */
export function refusedRequests(sql: SqlStorage, from: string, to: string): Record<string, number> {
  const rows = sql.exec<{ code: string; n: number }>(
    "select code, sum(count) as n from refused_request where day >= ?1 and day <= ?2 group by code order by code",
    from,
    to,
  );
  return Object.fromEntries([...rows].map(({ code, n }) => [code, n]));
}
