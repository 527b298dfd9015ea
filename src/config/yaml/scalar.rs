//! What a plain scalar means: YAML 1.2's core schema (10.3.2), strictly; but a float is only what
//! Ansible's YAML 1.1 takes for one too, so that a commit's hash (`5e87210`) stays text.

use crate::text::Diagnostic;
use crate::value::NodeKind;

/// Resolves a scalar that was written without quotes.
///
/// # Errors
/// Numbers that mean different things to different readers: with a leading zero, or beyond 64
/// bits. Those that are none: infinity, and what is no number.
pub(super) fn resolve(text: &str) -> Result<NodeKind, Diagnostic> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(NodeKind::Null),
        "true" => return Ok(NodeKind::Bool(true)),
        "false" => return Ok(NodeKind::Bool(false)),
        _ => {}
    }
    let first = text.as_bytes()[0];
    if (first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.'))
        && let Some(number) = number(text)?
    {
        return Ok(number);
    }
    Ok(NodeKind::Str(text.to_owned()))
}

fn number(text: &str) -> Result<Option<NodeKind>, Diagnostic> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(leading_zero(text));
        }
        return text.parse().map(|number| Some(NodeKind::Int(number))).map_err(|_| too_large(text));
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            let number = i64::from_str_radix(digits, radix).map_err(|_| too_large(text))?;
            return Ok(Some(NodeKind::Int(number)));
        }
    }
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(no_number(text));
    }
    match float(digits) {
        Some(number) if number.is_infinite() => Err(no_number(text)),
        Some(number) if text.starts_with('-') => Ok(Some(NodeKind::Float(-number))),
        number => Ok(number.map(NodeKind::Float)),
    }
}

/// `( [0-9]+ \. [0-9]* | \. [0-9]+ ) ( [eE] [-+] [0-9]+ )?`: YAML 1.1's floats, signs taken off.
fn float(unsigned: &str) -> Option<f64> {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.')?;
    let exponent_is_fine = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or_default();
        !digits.is_empty() && all_digits(digits)
    });
    let is_float = !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && exponent_is_fine;
    if is_float { unsigned.parse().ok() } else { None }
}

fn no_number(text: &str) -> Diagnostic {
    Diagnostic::new(format!("`{text}` is no number that can be sent to a host"))
        .help(format!("if it is text, write it in quotes: \"{text}\""))
}

fn leading_zero(text: &str) -> Diagnostic {
    let digits = text.trim_start_matches(['+', '-']);
    let decimal = digits.trim_start_matches('0');
    let decimal = if decimal.is_empty() { "0" } else { decimal };
    let mut diagnostic = Diagnostic::new(format!("number `{text}` has a leading zero"));
    if let Ok(octal) = i64::from_str_radix(digits, 8)
        && octal.to_string() != decimal
    {
        diagnostic = diagnostic
            .note(format!("YAML 1.1 reads it in octal, as {octal}; YAML 1.2 as {decimal}"));
    }
    diagnostic.help(format!("write it in quotes: \"{text}\""))
}

fn too_large(text: &str) -> Diagnostic {
    Diagnostic::new(format!("number `{text}` does not fit in 64 bits"))
        .help(format!("if it is text, write it in quotes: \"{text}\""))
}
