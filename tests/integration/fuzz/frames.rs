//! Frames of a session: what is read and written again is the same message.

use super::Target;
use super::random::Random;
use crate::bench::{Bench, world};
use converge::controller::RunOptions;
use converge::engine::bundle::Purpose;
use converge::protocol::{FrameError, FromAgent, ToAgent, VERSION, read, write};
use converge::text::Diagnostic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;

pub(super) const TARGET: Target = Target { name: "frames", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    "cvg1",
    "cvg1\0\0\0\u{2}{}",
    "cvg1\0\0\0\0",
    "cvg1\u{3}",
    "{\"hello\":{\"version\":1}}",
    "{\"event\":",
    "null",
    "{",
    "[",
    "\"",
    "\\u0000",
    "\\ud800",
    "1e400",
    "-0",
    "\"yours\"",
    "\"span\":{\"source\":4294967295,\"line\":0,\"column\":0,\"len\":4294967295}",
    "secret",
    "unknown",
];

const TASKS: &str = "
- {name: one, copy: {dest: /etc/a, content: \"a\\n\"}, register: r}
- {name: two, command: {cmd: 'true'}, changed_when: false}
- {name: three, debug: {msg: '{{ r }}'}}
- {name: four, service: {name: x, state: started}}
- {name: five, lineinfile: {path: /etc/a, line: b}}
";

fn seeds() -> Vec<Vec<u8>> {
    let bench =
        Bench::new(world("{commands: [{argv: ['true'], rc: 0}], units: {x.service: {}}}"), TASKS);
    let options = RunOptions { run: "run".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
    let bundle = Box::new(bench.load().unwrap().bundle("h", &options));
    let mut frames = vec![
        frame(&ToAgent::Bundle { version: VERSION, bundle, log: Some("debug".into()) }),
        frame(&ToAgent::Yours),
        frame(&FromAgent::Hello { version: VERSION }),
        frame(&FromAgent::RunOnce { task: "r/main:t".into() }),
        frame(&FromAgent::Refused { locked: true, error: Diagnostic::new("locked").help("wait") }),
    ];
    let mut session = frames[2].clone();
    for event in bench.check().events {
        let one = frame(&FromAgent::Event(event));
        session.extend_from_slice(&one);
        frames.push(one);
    }
    frames.push(session);
    frames
}

fn frame<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, message).unwrap();
    bytes
}

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    // Most changes are to what is in the frame, under a length that is right.
    let mut bytes = bytes.to_vec();
    if bytes.starts_with(b"cvg1") && bytes.len() >= 8 && !random.once_in(4) {
        let length = u32::try_from(bytes.len() - 8).unwrap();
        bytes[4..8].copy_from_slice(&length.to_be_bytes());
    }
    all::<FromAgent>(&bytes)?;
    all::<ToAgent>(&bytes)
}

/// Reads them all, whole and byte by byte.
fn all<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<(), String> {
    let (mut from, mut slowly) = (bytes, OneByOne(bytes));
    loop {
        let message = read::<T>(&mut from);
        let same = read::<T>(&mut slowly);
        match (message, same) {
            (Ok(Some(message)), Ok(Some(same))) => {
                let written = frame(&message);
                if frame(&same) != written {
                    return Err("byte by byte it is another message".into());
                }
                let again: T = match read(&mut written.as_slice()) {
                    Ok(Some(again)) => again,
                    Ok(None) => return Err("what was written is nothing".into()),
                    Err(error) => {
                        return Err(format!(
                            "what was written: {error}\n{}",
                            String::from_utf8_lossy(&written)
                        ));
                    }
                };
                let rewritten = frame(&again);
                if rewritten != written {
                    let (written, rewritten) =
                        (String::from_utf8_lossy(&written), String::from_utf8_lossy(&rewritten));
                    return Err(format!("{written}\nbecame\n{rewritten}"));
                }
            }
            (Ok(None), Ok(None)) => return Ok(()),
            // Of what is no message, each has read what came at once.
            (Err(FrameError::NotAMessage(_)), Err(FrameError::NotAMessage(_))) => return Ok(()),
            (Err(one), Err(other)) if one.to_string() == other.to_string() => return Ok(()),
            _ => return Err("byte by byte it ends otherwise".into()),
        }
    }
}

/// A connection that brings a byte at a time.
struct OneByOne<'b>(&'b [u8]);

impl Read for OneByOne<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
        let Some(into) = buffer.first_mut() else { return Ok(0) };
        *into = *first;
        self.0 = rest;
        Ok(1)
    }
}
