//! `tallymark plan import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tallymark_plan::{
    Diagnostic,
    import::{observed, rudderstack, segment},
};

use super::{files::read_text, written::Target};
use crate::output::{Report, Stop};

/// A plan from elsewhere.
#[derive(Args)]
pub(crate) struct Import {
    /// What the file is
    #[arg(value_enum)]
    from: From,
    /// The file; - is standard input
    file: PathBuf,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    /// A tracking plan as Segment's API gives it, or the plan.json of its tools
    Segment,
    #[value(help = "A tracking plan, or its list of events, as RudderStack's API gives it")]
    Rudderstack,
    /// Stored events: what GET /v1/events gives, or one a line
    Observed,
}

impl Import {
    /// Writes the plan as TOML. What a person has to decide is in the report's remarks.
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let read = match self.from {
            From::Segment => segment,
            From::Rudderstack => rudderstack,
            From::Observed => observed,
        };
        let imported = read(&read_text(&self.file)?).map_err(|problem| {
            Stop::found([Diagnostic { path: self.file.display().to_string(), ..problem }])
        })?;
        let report = self.target.take(imported.plan.to_toml())?;
        Ok(Report { remarks: imported.remarks, ..report })
    }
}
