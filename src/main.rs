//! The `converge` command.

#[expect(clippy::disallowed_methods, reason = "here the arguments come in")]
fn main() -> std::process::ExitCode {
    converge::cli::main(std::env::args_os()).into()
}
