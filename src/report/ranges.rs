//! Host names folded into ranges, as inventories write them: `web[01:06] web[08:12] db1`.

/// Fewer hosts than this in a row are named one by one.
const WORTH_IT: usize = 3;

/// The names in their order, neighbours folded. The number is the last one in a name's first
/// label (`web01` in `web01.example.org`).
#[must_use]
pub fn fold(names: &[&str]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let len = row(&names[at..]);
        match (split(names[at]), split(names[at + len - 1])) {
            (Some((before, first, after)), Some((_, last, _))) if len >= WORTH_IT => {
                out.push(format!("{before}[{first}:{last}]{after}"));
                at += len;
            }
            _ => {
                out.push(names[at].to_owned());
                at += 1;
            }
        }
    }
    out.iter().map(|name| super::escape::line(name).into_owned()).collect::<Vec<_>>().join(" ")
}

/// How many names from the first on count up by one.
fn row(names: &[&str]) -> usize {
    let steps = names.windows(2).take_while(|pair| follows(pair[0], pair[1]));
    1 + steps.count()
}

fn follows(one: &str, two: &str) -> bool {
    let (Some((before, number, after)), Some(next)) = (split(one), split(two)) else {
        return false;
    };
    let Ok(value) = number.parse::<u64>() else { return false };
    let expected = format!("{:0width$}", value.saturating_add(1), width = number.len());
    next == (before, expected.as_str(), after)
}

/// What stands before the number, the number, and what stands after it.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let label = &name[..name.find('.').unwrap_or(name.len())];
    let end = label.rfind(|char: char| char.is_ascii_digit())? + 1;
    let start = label[..end].rfind(|char: char| !char.is_ascii_digit());
    let start = start.map_or(0, |at| at + label[at..].chars().next().map_or(1, char::len_utf8));
    Some((&name[..start], &name[start..end], &name[end..]))
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn neighbours_are_folded_and_nothing_else() {
        for (names, folded) in [
            ("web01 web02 web03", "web[01:03]"),
            ("web01 web02 web03 web05 web06 web07 db1", "web[01:03] web[05:07] db1"),
            ("web01 web02", "web01 web02"),
            ("web8 web9 web10 web11", "web[8:11]"),
            ("web08 web09 web10", "web[08:10]"),
            ("web9 web010 web011", "web9 web010 web011"),
            ("a1.x.org a2.x.org a3.x.org", "a[1:3].x.org"),
            ("a1.x.org a2.y.org a3.x.org", "a1.x.org a2.y.org a3.x.org"),
            ("r1-a r2-a r3-a", "r[1:3]-a"),
            ("10.0.0.1 10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.2 10.0.0.3"),
            ("mail db cache", "mail db cache"),
            ("", ""),
        ] {
            assert_eq!(fold(&names.split_whitespace().collect::<Vec<_>>()), folded);
        }
    }
}
