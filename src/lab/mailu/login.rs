//! The answer to Dovecot's question whether a login is good: Dovecot runs its checkpassword
//! program (this binary again), which asks the server over a socket.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{IpAddr, Shutdown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::behaviour::{Auth, Behaviour};
use super::files::{Files, read_json};
use super::journal::{self, Login};
use super::store::Store;

/// checkpassword's exit codes, as Dovecot reads them: refused, and not now.
const REFUSED: u8 = 1;
const NOT_NOW: u8 = 111;

/// Far more than an address and a token.
const LONGEST: u64 = 8192;

/// Answers questions until killed.
pub(super) fn serve_logins(listener: &UnixListener, files: &Files, store: &Store) -> Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        // One at a time: each takes less than a millisecond. One that breaks off is no reason to
        // leave the others without an answer.
        let _ = answer(stream, files, store);
    }
}

fn answer(mut stream: UnixStream, files: &Files, store: &Store) -> Result<()> {
    let mut question = Vec::new();
    (&stream).take(LONGEST).read_to_end(&mut question)?;
    let question = String::from_utf8_lossy(&question);
    let mut fields = question.split('\0');
    let mut field = || fields.next().unwrap_or_default();
    let (peer, login, secret) = (field(), field().to_ascii_lowercase(), field());
    let behaviour: Behaviour = read_json(&files.behaviour())?;
    let outcome = match (behaviour.auth, peer.parse::<IpAddr>()) {
        (Auth::Down, _) => "down",
        (Auth::Check, Ok(peer)) if store.read(|data| data.knows(&login, secret, peer)) => "good",
        _ => "bad",
    };
    let entry = Login { peer: peer.to_owned(), login, outcome: outcome.to_owned() };
    journal::append(&files.logins(), &entry)?;
    stream.write_all(outcome.as_bytes())
}

/// Is Dovecot's checkpassword program: reads login and password, and where the server calls them
/// good becomes the program that tells Dovecot so. Returns the exit code otherwise.
pub fn check_login(socket: &Path, peer: &str, reply: &[String]) -> u8 {
    let ask = || {
        let mut given = Vec::new();
        std::io::stdin().take(LONGEST).read_to_end(&mut given)?;
        let text = String::from_utf8_lossy(&given);
        let mut fields = text.split('\0');
        let (Some(login), Some(secret)) = (fields.next(), fields.next()) else {
            return Err(ErrorKind::InvalidData.into());
        };
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(format!("{peer}\0{login}\0{secret}").as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut outcome = String::new();
        stream.read_to_string(&mut outcome)?;
        Result::Ok((login.to_ascii_lowercase(), outcome))
    };
    match (ask(), reply) {
        (Ok((login, outcome)), [program, args @ ..]) if outcome == "good" => {
            // Returns only where it fails.
            let _ = Command::new(program).args(args).env("USER", login).exec();
            NOT_NOW
        }
        (Ok((_, outcome)), _) if outcome == "bad" => REFUSED,
        _ => NOT_NOW,
    }
}
