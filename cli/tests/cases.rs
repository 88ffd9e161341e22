//! What `tallymark` prints, and the code that it exits with: `tests/cases/` and `docs/CLI.md` are held against it. After a
//! change that is meant, `TRYCMD=overwrite cargo test -p tallymark-cli` writes them anew, and the diff shows what it does.
#![cfg(test)]

#[test]
fn it_prints_what_is_written_here() {
    trycmd::TestCases::new().case("tests/cases/*.md").case("../docs/CLI.md");
}
