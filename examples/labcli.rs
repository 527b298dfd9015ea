//! scratch
use clap::Parser;
#[derive(Parser)]
enum Cli {
    Lab(converge::cli::lab::LabCommand),
}
fn main() {
    let Cli::Lab(c) = Cli::parse();
    #[expect(clippy::print_stdout, clippy::print_stderr)]
    match c.run() {
        Ok(r) => {
            print!("{}", r.text);
            std::process::exit(r.code.into())
        }
        Err(e) => {
            eprintln!("error: {e}");
            let mut s = std::error::Error::source(&e);
            while let Some(x) = s {
                eprintln!(" because {x}");
                s = x.source();
            }
            std::process::exit(1)
        }
    }
}
