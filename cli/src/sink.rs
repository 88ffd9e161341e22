//! `tallymark sink`: hands over to `tallymark-sink`, which is built for itself (`sink/`): it is C, in good part.

use std::{
    env,
    ffi::OsString,
    io,
    path::PathBuf,
    process::{Command, ExitCode},
};

use crate::output::{Problem, Stop};

const NAME: &str = if cfg!(windows) { "tallymark-sink.exe" } else { "tallymark-sink" };

/// Everything that follows is `tallymark-sink`'s.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Sink {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

impl Sink {
    /// Returns only if there is none to hand over to.
    pub(crate) fn run(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        let beside =
            env::current_exe().ok().map(|own| own.with_file_name(NAME)).filter(|path| path.is_file());
        let mut command = Command::new(beside.unwrap_or_else(|| PathBuf::from(NAME)));
        command.args(as_json.then_some("--json")).args(&self.arguments);
        replaced_by(&mut command).map_err(|error| {
            let message = match error.kind() {
                io::ErrorKind::NotFound => {
                    "tallymark-sink is neither beside tallymark nor on the PATH".to_owned()
                }
                _ => format!("tallymark-sink can't be run: {error}"),
            };
            let remedy = "build it in Tallymark's folder: cargo install --locked --path sink (docs/SINK.md)";
            Stop::refused(Problem::new(message, Some(remedy.to_owned()))).into()
        })
    }
}

/// Becomes the other program: signals are its own.
#[cfg(unix)]
fn replaced_by(command: &mut Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn replaced_by(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
