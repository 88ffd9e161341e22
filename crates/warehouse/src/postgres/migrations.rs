//! The versions of the schema, oldest first.

/// One step from a version to the next. Each runs once, in a transaction of its own together with [`RECORD`].
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// From 1, without gaps.
    pub version: i32,
    /// What it is about.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// Every version. Append, never edit: databases have run them.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "domain_event", sql: include_str!("0001_domain_event.sql") },
    Migration { version: 2, name: "security", sql: include_str!("0002_security.sql") },
    Migration { version: 3, name: "emit_domain_event", sql: include_str!("0003_emit_domain_event.sql") },
    Migration { version: 4, name: "partitions", sql: include_str!("0004_partitions.sql") },
    Migration { version: 5, name: "comments", sql: include_str!("0005_comments.sql") },
    Migration {
        version: 6,
        name: "emit_what_can_be_loaded",
        sql: include_str!("0006_emit_what_can_be_loaded.sql"),
    },
];

/// Held while migrating, until the session ends: of two that migrate at once the second waits, and finds nothing to do.
/// The number is an arbitrary one of this program's own.
pub const LOCK: &str = "select pg_advisory_lock(7305814428177)";

/// Makes the table that says which versions there are, unless it is there.
pub const HISTORY: &str = "\
create table if not exists tallymark_migration (
  version    integer     primary key,
  name       text        not null,
  applied_at timestamptz not null default now()
)";

/// Notes that a version has been reached: `$1` its number, `$2` its name.
pub const RECORD: &str = "insert into tallymark_migration (version, name) values ($1, $2)";

/// Whether `domain_event` is partitioned: a boolean, or no row if there is no such table.
pub const IS_PARTITIONED: &str = "select relkind = 'p' from pg_class where oid = to_regclass('domain_event')";

/// Partitions `domain_event` by month, unless it is.
pub const PARTITION: &str = "select tallymark_partition_domain_event()";

/// Makes the partitions of the months to come, where there is a need; how many it made.
pub const ADD_MONTHS: &str = "select tallymark_add_months()";

#[cfg(test)]
mod tests {
    use tallymark_event::COLUMNS;

    use super::*;
    use crate::postgres::{INSERT, INSERT_COLUMNS};

    #[test]
    fn versions_count_from_one() {
        for (version, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, version, "{}", migration.name);
        }
    }

    #[test]
    fn every_column_of_the_envelope_is_made_explained_and_filled() {
        let tables = MIGRATIONS[0].sql;
        for column in COLUMNS {
            assert!(tables.contains(&format!("\n  {column} ")), "{column} is in the table");
            assert!(
                tables.contains(&format!("comment on column domain_event.{column} is")),
                "{column} has a comment"
            );
            for statement in [INSERT, INSERT_COLUMNS] {
                assert!(statement.matches(column).count() >= 3, "{column} is filled, selected and read");
            }
        }
    }
}
