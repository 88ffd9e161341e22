/** The ledger: how many of what, by the UTC day of receipt. */

/** `[outcome, reason, count]`, to be added to a day's ledger; what is taken back is negative. */
export type Books = [string, string, number][];

const COUNT = `
  insert into ledger (day, outcome, reason, count)
  select ?1, value->>0, value->>1, value->>2 from json_each(?2) where value->>2 <> 0
  on conflict (day, outcome, reason) do update set count = count + excluded.count`;

/** Adds to a day's books, in the transaction of what they count. */
export function enterBooks(sql: SqlStorage, day: string, books: Books): void {
  sql.exec(COUNT, day, JSON.stringify(books));
}

type Entry = readonly [outcome: string, reason: string];

/** Moves between outcomes, by day of receipt. */
export class DayBooks {
  readonly #days = new Map<string, Map<string, number>>();

  move(day: string, from: Entry, to: Entry): void {
    let counts = this.#days.get(day);
    if (counts === undefined) this.#days.set(day, (counts = new Map()));
    for (const [entry, change] of [[from, -1], [to, 1]] as const) {
      const key = entry.join("\n");
      counts.set(key, (counts.get(key) ?? 0) + change);
    }
  }

  enter(sql: SqlStorage): void {
    for (const [day, counts] of this.#days) {
      const books = [...counts].map(([key, count]) => [...key.split("\n"), count]) as Books;
      enterBooks(sql, day, books);
    }
  }
}
