//! What the command's exit code says. Several of these can be true of one run; the one that a
//! script must not miss wins.

/// An exit code of `converge`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExitCode(pub u8);

impl ExitCode {
    /// Every host is as declared now (with `--check`: could be looked at).
    pub const SUCCESS: Self = Self(0);
    /// A task failed on some host.
    pub const FAILED: Self = Self(1);
    /// Changes are pending or were made; only with `--detailed-exitcode`.
    pub const CHANGES: Self = Self(2);
    /// A host was unreachable.
    pub const UNREACHABLE: Self = Self(3);
    /// The plan is stale, or another run holds a host's lock.
    pub const STALE: Self = Self(4);
    /// The rollout stopped at its failure budget.
    pub const BUDGET: Self = Self(5);
    /// Wrong usage (`EX_USAGE` of sysexits.h).
    pub const USAGE: Self = Self(64);
    /// An error in the inventory, a role or a variable, found before any host was touched
    /// (`EX_DATAERR` of sysexits.h).
    pub const DATA: Self = Self(65);

    /// All of them, the strongest first.
    pub const PRECEDENCE: [Self; 8] = [
        Self::DATA,
        Self::USAGE,
        Self::STALE,
        Self::BUDGET,
        Self::FAILED,
        Self::UNREACHABLE,
        Self::CHANGES,
        Self::SUCCESS,
    ];

    /// The stronger of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let rank = |code| Self::PRECEDENCE.iter().position(|known| *known == code);
        if rank(other) < rank(self) { other } else { self }
    }
}

impl FromIterator<Self> for ExitCode {
    fn from_iter<I: IntoIterator<Item = Self>>(codes: I) -> Self {
        codes.into_iter().fold(Self::SUCCESS, Self::and)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_stronger_wins_in_every_pair() {
        let order = [65, 64, 4, 5, 1, 3, 2, 0];
        assert_eq!(ExitCode::PRECEDENCE.map(|code| code.0), order);
        for (at, strong) in order.into_iter().enumerate() {
            for weak in order.into_iter().skip(at) {
                let (strong, weak) = (ExitCode(strong), ExitCode(weak));
                assert_eq!(strong.and(weak), strong);
                assert_eq!(weak.and(strong), strong);
                assert_eq!(
                    [weak, strong, ExitCode::SUCCESS].into_iter().collect::<ExitCode>(),
                    strong
                );
            }
        }
        assert_eq!([].into_iter().collect::<ExitCode>(), ExitCode::SUCCESS);
    }
}
