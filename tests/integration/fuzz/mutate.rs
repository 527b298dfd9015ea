//! Inputs out of seeds: cut, doubled, spliced, nested, and what else goes wrong with bytes.

use super::random::Random;

/// No input is longer, in bytes: more than 16 bits can count.
pub(super) const LONGEST: usize = 100_000;

/// What means something in every format.
const WORDS: [&str; 47] = [
    "",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\0",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "é",
    "ẞ",
    "🦀",
    "e\u{301}",
    "\u{7f}",
    "\u{1b}[0m",
    "\"",
    "'",
    "\\",
    "\\\n",
    "#",
    ":",
    ": ",
    "- ",
    ",",
    "=",
    "|",
    "{",
    "}",
    "[",
    "]",
    "%",
    "0",
    "-1",
    "18446744073709551616",
    "9223372036854775807",
    "1e309",
    "0x",
    "0o7",
    "true",
    "null",
    "~",
    "/",
    "..",
    "*",
];

/// Bytes that are no UTF-8.
const NO_TEXT: [&[u8]; 4] = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"];

/// One input: a seed, or a part of one, changed a few times.
pub(super) fn input(seeds: &[Vec<u8>], words: &[&str], random: &mut Random) -> Vec<u8> {
    let mut input = excerpt(&seeds[random.below(seeds.len())], random).to_vec();
    // Some stay whole: what is judged of them is the most.
    let mut changes = [0, 1, 1, 1, 2, 2, 3, 5, 10][random.below(9)];
    while changes > 0 {
        change(&mut input, seeds, words, random);
        input.truncate(LONGEST);
        changes -= 1;
    }
    input
}

/// The whole of it, or some of its lines.
fn excerpt<'s>(seed: &'s [u8], random: &mut Random) -> &'s [u8] {
    if seed.len() < 400 || (seed.len() < LONGEST && random.once_in(8)) {
        return seed;
    }
    let from = random.below(seed.len());
    let next = seed[from..].iter().position(|byte| *byte == b'\n');
    let from = next.map_or(from, |at| from + at + 1);
    let rest = &seed[from..];
    &rest[..rest.len().min(100 + random.below(1500))]
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let most = [4, 40, 400][random.below(3)];
    let part = at..(at + 1 + random.below(most)).min(input.len());
    match random.below(16) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.next().to_le_bytes()[0];
            }
        }
        2 => drop(input.drain(part)),
        3 => {
            let copy = input[part].to_vec();
            let times = [1, 2, 10, 100, 2000][random.below(5)].min(LONGEST / copy.len().max(1));
            put(input, at, &copy.repeat(times));
        }
        4 => {
            let other = excerpt(&seeds[random.below(seeds.len())], random);
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        5 => {
            let other = excerpt(&seeds[random.below(seeds.len())], random);
            let from = random.below(other.len() + 1);
            let piece = &other[from..(from + 60).min(other.len())];
            put(input, at, piece);
        }
        6 => input.truncate(at),
        7 | 8 => put(input, at, word(words, random).as_bytes()),
        9 => {
            let word = word(words, random);
            let times = [10, 100, 1000, 20_000][random.below(4)].min(LONGEST / word.len().max(1));
            put(input, at, word.repeat(times).as_bytes());
        }
        10 => {
            let word = word(words, random);
            drop(input.splice(part, word.bytes()));
        }
        11 => put(input, at, NO_TEXT[random.below(NO_TEXT.len())]),
        12 => *input = breaks(input),
        13 => put(input, 0, "\u{feff}".as_bytes()),
        _ => lines(input, random),
    }
}

fn word<'w>(words: &[&'w str], random: &mut Random) -> &'w str {
    if words.is_empty() || random.once_in(3) {
        return WORDS[random.below(WORDS.len())];
    }
    words[random.below(words.len())]
}

fn put(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    drop(input.splice(at..at, bytes.iter().copied()));
}

/// Every line break becomes CRLF.
fn breaks(input: &[u8]) -> Vec<u8> {
    let bytes = input.iter().flat_map(|byte| match byte {
        b'\n' => b"\r\n".to_vec(),
        byte => vec![*byte],
    });
    bytes.collect()
}

/// Lines are moved, doubled, joined, indented; blanks and comments come between.
fn lines(input: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> =
        input.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (at, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(7) {
        0 => lines.swap(at, other),
        1 => {
            let line = lines[at].clone();
            lines.insert(other, line);
        }
        2 => drop(lines.remove(at)),
        3 => drop(lines[at].pop()),
        4 => put(&mut lines[at], 0, b" ".repeat(1 + random.below(3)).as_slice()),
        5 => {
            let blanks = lines[at].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            drop(lines[at].drain(..blanks.min(2)));
        }
        _ => lines.insert(at, [&b"\n"[..], b"# c\n", b"   \n", b"\r\n"][random.below(4)].to_vec()),
    }
    *input = lines.concat();
}
