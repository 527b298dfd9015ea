//! `converge schema`: the form of `--output json`.

use crate::report::json::Document;

/// The schema as it is committed in `docs/report.schema.json`.
pub(super) fn text() -> String {
    format!("{:#}\n", Document::json_schema())
}
