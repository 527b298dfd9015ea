//! Tests on real hosts: throwaway ones that the lab boots on this machine. Where that cannot be
//! done they fail and say why; they never skip.

mod boots;
mod commands;
mod crashes;
mod demo;
mod leftovers;
mod mail;
mod refusals;
mod states;

use converge::lab::{Lab, LabBuilder, Output, sweep};
use std::sync::Once;

/// Begins a lab that no other test run shares, with the binary of this one. The prefix, of one to
/// three letters, must be the test's own.
pub(crate) fn lab(prefix: &str) -> LabBuilder {
    static SWEPT: Once = Once::new();
    // What a killed test run left behind.
    SWEPT.call_once(|| drop(sweep().unwrap()));
    Lab::builder(&unique(prefix)).binary(env!("CARGO_BIN_EXE_converge"))
}

/// A lab's name: the prefix and this process's number, in the eight letters there are.
pub(crate) fn unique(prefix: &str) -> String {
    let (mut name, mut number) = (prefix.to_owned(), std::process::id());
    while number > 0 {
        name.extend(char::from_digit(number % 36, 36));
        number /= 36;
    }
    name
}

/// What a command printed, once it is known to have succeeded.
pub(crate) trait Succeeded {
    /// Standard output; fails the test where the command failed.
    fn ok(self) -> String;
}

impl Succeeded for Output {
    #[track_caller]
    fn ok(self) -> String {
        let Output { status, stdout, stderr } = self;
        assert!(status == 0, "exit code {status}\n{stdout}\n{stderr}");
        stdout
    }
}
