//! `--log FILTER`: what is logged.

use std::fmt;
use std::str::FromStr;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// The library's own modules. Of other crates nothing is logged: they may know secrets, and no
/// redactor sees what they say.
const OWN: &str = "converge";

/// `LEVEL`, `MODULE=LEVEL` or several of them, parted by commas; the longest name that fits wins.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    text: String,
    targets: Targets,
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no log filter: LEVEL or MODULE=LEVEL, of off, error, warn, info, debug and trace"
)]
pub struct FilterError(String);

impl Filter {
    /// The same for a subscriber.
    #[must_use]
    pub fn targets(&self) -> Targets {
        self.targets.clone()
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut targets = Targets::new();
        for word in text.split(',').map(str::trim) {
            let wrong = || FilterError(word.to_owned());
            let (module, level) = word.split_once('=').unwrap_or((OWN, word));
            let level = match level {
                // What tracing takes for `error`.
                "" => return Err(wrong()),
                level => LevelFilter::from_str(level).map_err(|_| wrong())?,
            };
            let path = module.strip_prefix(OWN).unwrap_or(module);
            let path = path.strip_prefix("::").unwrap_or(path);
            let is_path = |path: &str| {
                path.bytes().all(|byte| byte.is_ascii_lowercase() || b"_:".contains(&byte))
            };
            targets = match path {
                "" => targets.with_target(OWN, level),
                path if is_path(path) => targets.with_target(format!("{OWN}::{path}"), level),
                _ => return Err(wrong()),
            };
        }
        Ok(Self { text: text.to_owned(), targets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn levels_are_for_all_modules_or_for_one() {
        let filter: Filter = "info, engine=debug,converge::host::local=trace".parse().unwrap();
        for (target, level, logged) in [
            ("converge::controller", Level::INFO, true),
            ("converge::controller", Level::DEBUG, false),
            ("converge::engine::run", Level::DEBUG, true),
            ("converge::host::local::process", Level::TRACE, true),
            ("converge::host::overlay", Level::DEBUG, false),
            ("hyper_util::client", Level::ERROR, false),
        ] {
            assert_eq!(filter.targets().would_enable(target, &level), logged, "{target} {level}");
        }
        let all: Filter = "trace".parse().unwrap();
        assert!(!all.targets().would_enable("hyper_util::client", &Level::TRACE));
    }

    #[test]
    fn what_is_no_filter_is_named() {
        for wrong in ["", "loud", "engine=", "engine=loud", "info,,debug", "a b=info"] {
            assert!(Filter::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
