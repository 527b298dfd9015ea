//! Host ranges: `web[01:12]`, `db-[a:f]`, `n[0:10:2]`.

/// The most hosts that one name may stand for.
pub(super) const MAX_HOSTS: usize = 1_000_000;

/// Every name that a name with ranges stands for; itself where it has none.
///
/// Both ends belong to a range. Leading zeros at its start say how wide its numbers are.
///
/// # Errors
/// What is wrong with it, as a fragment.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some(open) = rest.find('[') {
        let close = rest[open..].find(']').ok_or("range without `]`")? + open;
        let members = members(&rest[open + 1..close])?;
        if names.len().saturating_mul(members.len()) > MAX_HOSTS {
            return Err(format!("`{pattern}` stands for more than {MAX_HOSTS} hosts"));
        }
        let head = &rest[..open];
        names = names
            .iter()
            .flat_map(|name| members.iter().map(move |member| format!("{name}{head}{member}")))
            .collect();
        rest = &rest[close + 1..];
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

fn members(range: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`[{range}]` is not a range such as [01:12], [a:f] or [0:10:2]");
    let mut parts = range.split(':');
    let (Some(first), Some(last)) = (parts.next(), parts.next()) else { return Err(wrong()) };
    let step: usize = parts.next().map_or(Ok(1), |step| step.parse().map_err(|_| wrong()))?;
    if parts.next().is_some() || step == 0 {
        return Err(wrong());
    }
    let backwards = || format!("range `[{range}]` runs backwards");
    let first = if first.is_empty() { "0" } else { first };
    if let (Ok(from), Ok(to)) = (number(first), number(last)) {
        let width = if first.starts_with('0') { first.len() } else { 1 };
        if width > 1 && width != last.len() {
            return Err(format!("the ends of range `[{range}]` differ in length"));
        }
        if from > to {
            return Err(backwards());
        }
        if (to - from) / step >= MAX_HOSTS {
            return Err(format!("range `[{range}]` stands for more than {MAX_HOSTS} hosts"));
        }
        return Ok((from..=to).step_by(step).map(|number| format!("{number:0width$}")).collect());
    }
    let letter = |text: &str| {
        let mut letters = text.chars();
        letters.next().filter(|c| c.is_ascii_alphabetic() && letters.next().is_none())
    };
    match (letter(first), letter(last)) {
        (Some(from), Some(to)) if from.is_ascii_lowercase() == to.is_ascii_lowercase() => {
            let members: Vec<String> = (from..=to).step_by(step).map(String::from).collect();
            if members.is_empty() { Err(backwards()) } else { Ok(members) }
        }
        _ => Err(wrong()),
    }
}

fn number(text: &str) -> Result<usize, ()> {
    if text.is_empty() || text.len() > 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(());
    }
    text.parse().map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges() {
        for (pattern, names) in [
            ("web1", "web1"),
            ("web[1:3]", "web1 web2 web3"),
            ("web[08:11].example", "web08.example web09.example web10.example web11.example"),
            ("n[0:10:5]", "n0 n5 n10"),
            ("n[:2]", "n0 n1 n2"),
            ("db-[a:c]", "db-a db-b db-c"),
            ("r[1:2]n[a:b]", "r1na r1nb r2na r2nb"),
            ("[001:003:2]", "001 003"),
            ("[X:Z]", "X Y Z"),
        ] {
            assert_eq!(expand(pattern).unwrap().join(" "), names);
        }
        for bad in [
            "w[1:",
            "w[]",
            "w[1]",
            "w[3:1]",
            "w[f:a]",
            "w[a:F]",
            "w[1:2:0]",
            "w[1:2:3:4]",
            "w[01:100]",
            "w[0:99999999]",
            "w[0:999][0:999][0:999]",
            "w[-1:2]",
            "w[1:]",
            "w[é:ü]",
            "w[1:99999999999999999999]",
        ] {
            assert!(expand(bad).is_err(), "{bad}");
        }
    }
}
