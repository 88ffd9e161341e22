/** A log's figures, for `/metrics`. */
import type { CommitFigures } from "./commit-times.ts";
import { gaps } from "./read.ts";

export interface LogFigures {
  /** Of all days. */
  readonly books: readonly { outcome: string; reason: string; events: number }[];
  /** Captured by streams that have been silent for a day, and never come. */
  readonly missing: number;
  readonly overAccounted: number;
  /** Of the newest row; 0 without any. */
  readonly lastSeq: number;
  /** What the database takes on disk. */
  readonly bytes: number;
  readonly appends: CommitFigures;
  /** The text of `GET /v1/destinations`. */
  readonly destinations: string;
}

export function figures(
  sql: SqlStorage,
  appends: CommitFigures,
  destinations: string,
  nowMs: number,
): LogFigures {
  const books = sql
    .exec<{ outcome: string; reason: string; events: number }>(
      "select outcome, reason, sum(count) as events from ledger group by outcome, reason order by outcome, reason",
    )
    .toArray();
  const { missing, over } = gaps(sql, nowMs);
  const { seq } = sql.exec<{ seq: number | null }>("select max(seq) as seq from domain_event").one();
  return {
    books,
    missing,
    overAccounted: over,
    lastSeq: seq ?? 0,
    bytes: sql.databaseSize,
    appends,
    destinations,
  };
}
