import log from "./0001_log.sql";
import reports from "./0002_reports.sql";
import will from "./0003_will.sql";
import identity from "./0004_identity.sql";
import token from "./0005_token.sql";
import provenance from "./0006_provenance.sql";
import plan from "./0007_plan.sql";
import tombstone from "./0008_tombstone.sql";
import destination from "./0009_destination.sql";
import refused from "./0010_refused.sql";
import retention from "./0011_retention.sql";
import processed from "./0012_processed.sql";
import address from "./0013_address.sql";
import standing from "./0014_standing.sql";

/** Every version of the schema, oldest first. Append, never edit: each runs once in each tenant's log. */
const MIGRATIONS: readonly string[] = [
  log, reports, will, identity, token, provenance, plan, tombstone, destination, refused, retention,
  processed, address, standing,
];

/** Brings a tenant's database to the newest schema, on the first use after a deploy; all or nothing. */
export function migrate(storage: DurableObjectStorage): void {
  const { sql } = storage;
  sql.exec("create table if not exists schema_migration (version integer primary key, applied_at text not null)");
  const { version } = sql
    .exec<{ version: number }>("select coalesce(max(version), 0) as version from schema_migration")
    .one();
  if (version === MIGRATIONS.length) return;
  storage.transactionSync(() => {
    MIGRATIONS.slice(version).forEach((migration, i) => {
      sql.exec(migration);
      sql.exec(
        "insert into schema_migration (version, applied_at) values (?1, ?2)",
        version + i + 1,
        new Date().toISOString(),
      );
    });
  });
}
