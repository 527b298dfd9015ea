//! Hashes of text, and of passwords with the salt that is given.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};
use sha2::Digest;

/// Rounds of a password hash when none are asked for: crypt(5)'s own.
const ROUNDS: u32 = 5_000;

/// More rounds than this would stop the run for seconds.
const MOST_ROUNDS: u32 = 1_000_000;

pub(super) fn register(to: &mut Registry) {
    to.filter("checksum", |value: &Value| hash(value, Some("sha1")));
    to.filter("hash", hash);
    to.filter("md5", |value: &Value| hash(value, Some("md5")));
    to.filter("password_hash", password_hash);
    to.filter("sha1", |value: &Value| hash(value, Some("sha1")));
    to.filter("to_uuid", to_uuid);
}

fn hash(value: &Value, kind: Option<&str>) -> Result<String, Error> {
    let value = text(value)?;
    let bytes = value.as_bytes();
    match kind.unwrap_or("sha1") {
        "md5" => Ok(hex(&md5::Md5::digest(bytes))),
        "sha1" => Ok(hex(&sha1::Sha1::digest(bytes))),
        "sha224" => Ok(hex(&sha2::Sha224::digest(bytes))),
        "sha256" => Ok(hex(&sha2::Sha256::digest(bytes))),
        "sha384" => Ok(hex(&sha2::Sha384::digest(bytes))),
        "sha512" => Ok(hex(&sha2::Sha512::digest(bytes))),
        other => Err(invalid(format!(
            "`hash` knows md5, sha1, sha224, sha256, sha384 and sha512, not `{other}`"
        ))),
    }
}

/// The namespace in which Ansible names things.
const NAMESPACE: [u8; 16] = [
    0x36, 0x1e, 0x6d, 0x51, 0xfa, 0xec, 0x44, 0x4a, 0x90, 0x79, 0x34, 0x13, 0x86, 0xda, 0x8e, 0x2e,
];

/// The same text's same UUID: version 5 (RFC 9562, 5.5), in Ansible's namespace.
fn to_uuid(value: &Value) -> Result<String, Error> {
    let digest = sha1::Sha1::new().chain_update(NAMESPACE).chain_update(text(value)?.as_bytes());
    let digest = digest.finalize();
    let mut bytes: Vec<u8> = digest.iter().take(16).copied().collect();
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    Ok(parts.map(hex).join("-"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A password's hash as crypt(5) has it, `sha512` or `sha256`. The salt must be given: a random
/// one would be another at every run.
fn password_hash(
    value: &Value,
    kind: Option<&str>,
    salt: Option<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let kind = kind.or(kwargs.get("hashtype")?).unwrap_or("sha512");
    let salt = match salt {
        Some(salt) => Some(salt),
        None => kwargs.get::<Option<Value>>("salt")?,
    };
    let rounds = kwargs.get::<Option<u32>>("rounds")?.unwrap_or(ROUNDS);
    kwargs.assert_all_used()?;
    if !matches!(kind, "sha512" | "sha256") {
        return Err(invalid(format!("`password_hash` knows sha512 and sha256, not `{kind}`")));
    }
    let Some(salt) = salt.filter(|salt| !salt.is_none()) else {
        return Err(invalid(
            "`password_hash` without a salt would give another hash at every run; give a salt, \
             or the password itself to `user`, which salts it once",
        ));
    };
    let salt = text(&salt)?;
    let in_alphabet = salt.bytes().all(|byte| ALPHABET.contains(&byte));
    if salt.is_empty() || salt.len() > 16 || !in_alphabet {
        return Err(invalid("a salt is 1 to 16 letters, digits, `.` and `/`"));
    }
    let params = sha_crypt::Params::new(rounds).ok().filter(|_| rounds <= MOST_ROUNDS);
    let params = params
        .ok_or_else(|| invalid(format!("`rounds` is 1000 to {MOST_ROUNDS}, not {rounds}")))?;
    let password = text(value)?;
    let (id, hash) = match kind {
        "sha512" => {
            let digest = sha_crypt::sha512_crypt(password.as_bytes(), salt.as_bytes(), params);
            ("6", encode(&digest, 21))
        }
        _ => {
            let digest = sha_crypt::sha256_crypt(password.as_bytes(), salt.as_bytes(), params);
            ("5", encode(&digest, 10))
        }
    };
    let stated = if rounds == ROUNDS { String::new() } else { format!("rounds={rounds}$") };
    Ok(format!("${id}${stated}{salt}${hash}"))
}

/// The alphabet of crypt(5), digit 0 first.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The order in which SHA-crypt writes its digest: three bytes from the digest's thirds make
/// four letters, the thirds taking turns at the front; one or two bytes are left at the end.
/// (Drepper, "Unix crypt using SHA-256 and SHA-512", step 22.)
fn encode(digest: &[u8], third: usize) -> String {
    let mut out = String::new();
    let mut letters = |mut bits: u32, count: usize| {
        for _ in 0..count {
            out.push(char::from(ALPHABET[(bits & 63) as usize]));
            bits >>= 6;
        }
    };
    // SHA-512 turns to the second third next, SHA-256 to the last.
    let turn = if third == 21 { 1 } else { 2 };
    for at in 0..third {
        let part = |nth: usize| u32::from(digest[(at * turn + nth) % 3 * third + at]);
        letters(part(0) << 16 | part(1) << 8 | part(2), 4);
    }
    match &digest[3 * third..] {
        [last] => letters(u32::from(*last), 2),
        [first, last] => letters(u32::from(*last) << 8 | u32::from(*first), 3),
        _ => {}
    }
    out
}
