//! What a variable may be called.

use crate::text::Diagnostic;
use crate::value::Key;

/// Names that converge itself gives a value.
const TAKEN: [&str; 6] =
    ["group_names", "groups", "hostvars", "inventory_hostname", "inventory_hostname_short", "omit"];

/// Refuses a name that no template could use, or that converge sets itself.
pub(crate) fn check_name(key: &Key) -> Result<(), Diagnostic> {
    let name = &key.name;
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        let mut diagnostic =
            Diagnostic::new(format!("`{}` is not a variable name", name.escape_debug()))
                .at(key.span)
                .label("letters, digits and `_`, not starting with a digit");
        let suggested: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if starts {
            diagnostic = diagnostic.help(format!("write `{suggested}`"));
        }
        return Err(diagnostic);
    }
    if TAKEN.contains(&name.as_str()) {
        return Err(Diagnostic::new(format!("`{name}` is set by converge itself"))
            .at(key.span)
            .help("choose another name"));
    }
    Ok(())
}
