//! The one question before a converge.

use std::io::{BufRead, Write};

/// What the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Go on.
    Yes,
    /// Leave everything as it is.
    No,
    /// Show the whole plan first.
    Diff,
}

/// Asks until the answer is a yes or a no.
pub(super) fn confirm(question: &str, input: &mut dyn BufRead, out: &mut dyn Write) -> bool {
    loop {
        if write!(out, "{question} [y/N] ").and_then(|()| out.flush()).is_err() {
            return false;
        }
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return true,
            "" | "n" | "no" => return false,
            _ => {}
        }
    }
}

/// Asks until the answer is one. No input any more is a no.
pub(super) fn ask(question: &str, input: &mut dyn BufRead, out: &mut dyn Write) -> Answer {
    loop {
        if write!(out, "{question} [y/N/d=diff] ").and_then(|()| out.flush()).is_err() {
            return Answer::No;
        }
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) => return Answer::No,
            Ok(_) => {}
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return Answer::Yes,
            "" | "n" | "no" => return Answer::No,
            "d" | "diff" => return Answer::Diff,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (typed, answer, times) in [
            ("y\n", Answer::Yes, 1),
            ("YES \n", Answer::Yes, 1),
            ("\n", Answer::No, 1),
            ("n\n", Answer::No, 1),
            ("d\n", Answer::Diff, 1),
            ("what\ny\n", Answer::Yes, 2),
            ("what", Answer::No, 2),
            ("", Answer::No, 1),
        ] {
            let mut out = Vec::new();
            assert_eq!(ask("Apply?", &mut typed.as_bytes(), &mut out), answer, "{typed:?}");
            let out = String::from_utf8(out).unwrap();
            assert_eq!(out, "Apply? [y/N/d=diff] ".repeat(times), "{typed:?}");
        }
    }
}
