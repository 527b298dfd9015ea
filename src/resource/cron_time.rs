//! The five time fields of a job as cron reads them (crontab(5)). One field that it cannot read
//! makes it leave out the whole file.

/// A field: its name, its numbers, and the names of its first numbers.
pub(super) struct Field {
    pub(super) name: &'static str,
    range: (u32, u32),
    names: &'static [&'static str],
}

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// In the order of a line.
pub(super) const FIELDS: [Field; 5] = [
    Field { name: "minute", range: (0, 59), names: &[] },
    Field { name: "hour", range: (0, 23), names: &[] },
    Field { name: "day", range: (1, 31), names: &[] },
    Field { name: "month", range: (1, 12), names: MONTHS },
    Field { name: "weekday", range: (0, 7), names: DAYS },
];

impl Field {
    /// Whether cron reads it: `*`, numbers and names, ranges, steps, lists of these.
    pub(super) fn reads(&self, text: &str) -> bool {
        text.split(',').all(|part| {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (part, None),
            };
            let steps = step.is_none_or(|step| number(step).is_some_and(|step| step > 0));
            let is_range = match range.split_once('-') {
                Some((from, to)) => match (self.number(from), self.number(to)) {
                    (Some(from), Some(to)) => from <= to,
                    _ => false,
                },
                None => range == "*" || (self.number(range).is_some() && step.is_none()),
            };
            steps && is_range
        })
    }

    fn number(&self, text: &str) -> Option<u32> {
        let named = || {
            let at = self.names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            u32::try_from(at).ok().map(|at| at + self.range.0)
        };
        let number = number(text).or_else(named)?;
        (self.range.0..=self.range.1).contains(&number).then_some(number)
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Whether a line is a job: what cron runs, or one that is commented out.
pub(super) fn is_job(line: &str) -> bool {
    let line = line.trim();
    let mut words = line.strip_prefix('#').unwrap_or(line).split_whitespace();
    let Some(first) = words.next() else { return false };
    if first.starts_with('@') {
        return words.count() >= 2;
    }
    let fields: Vec<&str> = std::iter::once(first).chain(words.by_ref().take(4)).collect();
    if !line.starts_with('#') {
        // Whatever it is, cron takes it for a job: it is no comment and sets no variable.
        return !line.split_once('=').is_some_and(|(name, _)| is_variable(name.trim()));
    }
    fields.len() == 5
        && FIELDS.iter().zip(fields).all(|(field, text)| field.reads(text))
        && words.count() >= 2
}

fn is_variable(name: &str) -> bool {
    name.starts_with(['"', '\''])
        || (!name.is_empty() && !name.contains(|char: char| char.is_whitespace() || char == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_as_cron_reads_it() {
        let reads = |at: usize, text: &str| FIELDS[at].reads(text);
        for (at, text) in [
            (0, "*/5"),
            (0, "0-59/7,3"),
            (1, "23"),
            (2, "1-31"),
            (3, "JAN"),
            (4, "sun-sat"),
            (4, "7"),
        ] {
            assert!(reads(at, text), "{text}");
        }
        for (at, text) in [
            (0, "60"),
            (0, "*/0"),
            (0, "5-1"),
            (0, "a"),
            (0, ""),
            (0, "1,"),
            (0, "1-2-3"),
            (0, "+1"),
            (1, "24"),
            (2, "0"),
            (3, "13"),
            (4, "8"),
            (0, "jan"),
            (0, "5/2"),
        ] {
            assert!(!reads(at, text), "{text}");
        }
    }

    #[test]
    fn a_job_is_told_from_what_is_none() {
        for job in [
            "* * * * * root x",
            "@daily root x",
            "#1 2 * * * root x",
            "#@reboot a b",
            "0 1 * * * r A=b c",
        ] {
            assert!(is_job(job), "{job}");
        }
        for other in [
            "",
            "# a note",
            "#Ansible: b",
            "MAILTO=ops",
            "PATH = /bin",
            "\"A\" = b",
            "# 5 apples a day for all",
        ] {
            assert!(!is_job(other), "{other}");
        }
    }
}
