//! What is written from the three plans, beside what was written before: `tests/golden/`. After a change that is meant,
//! `GOLDEN=write cargo test -p tallymark-plan golden` writes it anew, and the diff shows what the change does.

use std::{env, fs, path::Path};

use tallymark_plan::{docs, schema, types};

use super::{PLANS, plan};

#[test]
fn everything_written_is_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in PLANS {
        let plan = plan(name);
        for (ending, text) in [
            ("plan.json", plan.to_json()),
            ("schema.json", schema::json_schema(&plan)),
            ("d.ts", types::typescript(&plan)),
            ("rs", types::rust(&plan)),
            ("py", types::python(&plan)),
            ("md", docs::markdown(&plan)),
            ("html", docs::html(&plan)),
        ] {
            let path = folder.join(format!("{name}.{ending}"));
            if env::var("GOLDEN").as_deref() == Ok("write") {
                fs::write(&path, &text).unwrap();
            }
            let golden = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                golden == text,
                "{} is not what is written now: see tests/plans/golden.rs",
                path.display()
            );
        }
    }
}
