//! Names of systemd's units.

use std::path::Path;

/// Where unit files lie, the strongest first (systemd.unit(5)).
pub const UNIT_FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// The types of units (systemd(1)).
const TYPES: [&str; 11] = [
    "service",
    "socket",
    "target",
    "timer",
    "path",
    "mount",
    "automount",
    "swap",
    "slice",
    "scope",
    "device",
];

/// A unit's name with its type, as systemctl(1) reads it: `postfix` is `postfix.service`.
#[must_use]
pub fn unit_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, suffix)) if TYPES.contains(&suffix) => name.to_owned(),
        _ => format!("{name}.service"),
    }
}

/// The unit that a file defines. A template defines none, and cannot be asked for.
#[must_use]
pub fn unit_of_file(path: &Path) -> Option<String> {
    let name =
        path.parent().filter(|folder| folder.ends_with("systemd/system")).and(path.file_name())?;
    let name = name.to_str()?;
    (unit_name(name) == name && !name.contains("@.")).then(|| name.to_owned())
}

/// Whether a file is a unit's own: its file, its template's, or a drop-in of one of them.
#[must_use]
pub fn is_file_of(path: &Path, unit: &str) -> bool {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let whose = folder.and_then(|folder| folder.strip_suffix(".d")).unwrap_or(file);
    let template = unit.split_once('@').zip(unit.rsplit_once('.'));
    let template = template.map(|((stem, _), (_, kind))| format!("{stem}@.{kind}"));
    whose == unit || template.is_some_and(|template| whose == template)
}

/// Whether a file is one of systemd's unit files, or a drop-in of one.
#[must_use]
pub fn is_unit_file(path: &Path) -> bool {
    let in_units = |folder: &Path| UNIT_FOLDERS.iter().any(|units| folder == Path::new(units));
    let Some(folder) = path.parent() else { return false };
    let drop_in = folder.extension().is_some_and(|kind| kind == "d");
    in_units(folder) || (drop_in && folder.parent().is_some_and(in_units))
}

#[cfg(test)]
mod tests {
    use super::unit_name;

    #[test]
    fn only_a_type_of_units_is_a_suffix() {
        let cases = [
            ("postfix", "postfix.service"),
            ("postfix.socket", "postfix.socket"),
            ("postfix@-", "postfix@-.service"),
            ("getty@tty1.service", "getty@tty1.service"),
            ("mail.example.org", "mail.example.org.service"),
        ];
        for (given, full) in cases {
            assert_eq!(unit_name(given), full);
        }
    }
}
