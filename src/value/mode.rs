//! File permission bits, written as text.

use serde::{Deserialize, Serialize};

/// Permission bits of a file, as `chmod(2)` takes them: `0o0000` to `0o7777`.
///
/// Written as a string of octal digits (`"0644"`). Never as a YAML integer: `mode: 600` without
/// quotes is decimal 600, which is 01130.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mode(u32);

impl Mode {
    /// From bits; those above `0o7777` are dropped.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & 0o7777)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// Why a text is not a mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a file mode: three or four octal digits in quotes, such as \"0644\"")]
pub struct ModeError(String);

impl std::str::FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        // Some write a leading zero before all four: "02770".
        let digits = text.strip_prefix('0').filter(|rest| rest.len() == 4).unwrap_or(text);
        let octal =
            matches!(digits.len(), 3 | 4) && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
        if !octal {
            return Err(ModeError(text.to_owned()));
        }
        u32::from_str_radix(digits, 8).map(Self).map_err(|_| ModeError(text.to_owned()))
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Mode;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a file mode in quotes, such as \"0644\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Mode, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl schemars::JsonSchema for Mode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "mode", "pattern": "^0?[0-7]{3,4}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn a_leading_zero_before_four_digits_is_none_too_many() {
        for (text, bits) in [("644", 0o644), ("0644", 0o644), ("2770", 0o2770), ("02770", 0o2770)] {
            assert_eq!(text.parse(), Ok(Mode::from_bits(bits)), "{text}");
        }
        for text in ["", "44", "12770", "00644x", "002770", "0888", "u+x"] {
            assert!(text.parse::<Mode>().is_err(), "{text}");
        }
    }
}
