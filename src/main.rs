//! The `converge` command.

fn main() -> std::process::ExitCode {
    converge::cli::main(std::env::args_os()).into()
}
