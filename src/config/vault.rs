//! Ansible's vault format, versions 1.1 and 1.2: reading only.
//!
//! An envelope is a header line (`$ANSIBLE_VAULT;1.2;AES256;ID`) and hexadecimal text over three
//! hexadecimal lines: salt, HMAC and cipher text. PBKDF2 with SHA-256 makes 80 bytes of the
//! password and the salt: the key of AES-256 in counter mode, the key of the HMAC over the cipher
//! text, and the counter's start. The plain text is padded as in PKCS #7 (RFC 5652, 6.3).

use crate::text::Diagnostic;
use crate::value::Secret;
use aes::Aes256;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;
use zeroize::Zeroizing;

const ROUNDS: u32 = 10_000;
const BLOCK: usize = 16;

/// The passwords that vaulted values may be encrypted with; none by default. The envelope's own id
/// is tried first, then the others in their order.
#[derive(Clone, Default)]
pub struct Vault {
    passwords: Vec<(String, Arc<Zeroizing<Vec<u8>>>)>,
}

impl Vault {
    /// Adds the password of a vault id (`default` where none is named). Blanks and line ends
    /// around it do not belong to it, as in Ansible.
    pub fn add(&mut self, id: impl Into<String>, password: Vec<u8>) {
        let password = Zeroizing::new(password);
        let trimmed = Zeroizing::new(password.trim_ascii().to_vec());
        self.passwords.push((id.into(), Arc::new(trimmed)));
    }

    /// Decrypts one envelope: the text from `$ANSIBLE_VAULT;` on.
    ///
    /// # Errors
    /// Why not, without a place.
    pub fn decrypt(&self, envelope: &[u8]) -> Result<Secret<Vec<u8>>, Diagnostic> {
        let envelope = Envelope::read(envelope)?;
        if self.passwords.is_empty() {
            let whose = envelope.id.map_or_else(String::new, |id| format!(" (its id is `{id}`)"));
            return Err(Diagnostic::new(format!(
                "vaulted, and no vault password was given{whose}"
            ))
            .help(
                "name the file that holds it with `--vault-password-file [ID@]FILE`, or be asked with -J",
            ));
        }
        let own = self.passwords.iter().filter(|(id, _)| Some(id.as_str()) == envelope.id);
        let others = self.passwords.iter().filter(|(id, _)| Some(id.as_str()) != envelope.id);
        match own.chain(others).find_map(|(_, password)| envelope.open(password)) {
            Some(plain) => plain.map(Secret::new),
            None => {
                let ids: Vec<&str> = self.passwords.iter().map(|(id, _)| id.as_str()).collect();
                let mut error = Diagnostic::new("no vault password that was given opens this")
                    .note(format!("tried {}", ids.join(", ")));
                if let Some(id) = envelope.id {
                    error = error.note(format!("it was encrypted for vault id `{id}`"));
                }
                Err(error.help("a wrong password and a damaged text cannot be told apart"))
            }
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.passwords.iter().map(|(id, _)| id)).finish()
    }
}

struct Envelope<'a> {
    id: Option<&'a str>,
    salt: Vec<u8>,
    hmac: Vec<u8>,
    cipher_text: Vec<u8>,
}

impl<'a> Envelope<'a> {
    fn read(envelope: &'a [u8]) -> Result<Self, Diagnostic> {
        let damaged = || {
            Diagnostic::new("not a whole vault text")
                .help("copy it again from `ansible-vault`, every line of it")
        };
        let text = std::str::from_utf8(envelope).map_err(|_| damaged())?;
        let (header, body) = text.split_once('\n').ok_or_else(damaged)?;
        let mut header = header.trim_end().split(';');
        if header.next().map(str::trim_start) != Some("$ANSIBLE_VAULT") {
            return Err(damaged());
        }
        let (version, cipher) = (header.next().unwrap_or(""), header.next().unwrap_or(""));
        if !matches!(version, "1.1" | "1.2") || cipher != "AES256" {
            return Err(Diagnostic::new(format!("unknown vault format `{version};{cipher}`"))
                .help("versions 1.1 and 1.2 with AES256 are read"));
        }
        let id = header.next().map(str::trim).filter(|id| !id.is_empty());
        let outer: String = body.split_whitespace().collect();
        let inner = unhex(outer.as_bytes()).ok_or_else(damaged)?;
        let mut parts = inner.splitn(3, |byte| *byte == b'\n').map(unhex);
        let mut part = || parts.next().flatten().ok_or_else(damaged);
        Ok(Self { id, salt: part()?, hmac: part()?, cipher_text: part()? })
    }

    /// `None` where the password is not the one.
    fn open(&self, password: &[u8]) -> Option<Result<Vec<u8>, Diagnostic>> {
        let mut keys = Zeroizing::new([0_u8; 80]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &self.salt, ROUNDS, keys.as_mut_slice());
        let (cipher_key, rest) = keys.split_at(32);
        let (hmac_key, counter) = rest.split_at(32);
        let mut hmac = Hmac::<Sha256>::new_from_slice(hmac_key).ok()?;
        hmac.update(&self.cipher_text);
        hmac.verify_slice(&self.hmac).ok()?;
        let mut cipher = ctr::Ctr128BE::<Aes256>::new_from_slices(cipher_key, counter).ok()?;
        let mut plain = Zeroizing::new(self.cipher_text.clone());
        cipher.apply_keystream(&mut plain);
        Some(match padding(&plain) {
            Some(padding) => Ok(plain[..plain.len() - padding].to_vec()),
            None => Err(Diagnostic::new("vaulted text is not padded as it must be")),
        })
    }
}

fn padding(plain: &[u8]) -> Option<usize> {
    let padding = usize::from(*plain.last()?);
    let fits = (1..=BLOCK).contains(&padding) && padding <= plain.len();
    let tail = &plain[plain.len() - if fits { padding } else { 0 }..];
    (fits && tail.iter().all(|byte| usize::from(*byte) == padding)).then_some(padding)
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `ansible-vault encrypt_string` (ansible-core 2.19).
    const ENVELOPE: &str = "$ANSIBLE_VAULT;1.2;AES256;prod
        65636137343366373430613739343664366131396636386662343462356534643130396336623337
        6139363235643132663332623962343234643665316133630a626333373730306438343661393039
        38303130626361383565383963666435626235646366383037616263613261616339353035323134
        3434363163313039650a613061363035366537396231613035623533666663646464306461656263
        6330";

    fn vault(passwords: &[(&str, &str)]) -> Vault {
        let mut vault = Vault::default();
        for (id, password) in passwords {
            vault.add(*id, password.as_bytes().to_vec());
        }
        vault
    }

    #[test]
    fn opens_with_any_password_that_fits() {
        for passwords in
            [&[("prod", "battery staple")][..], &[("dev", "wrong"), ("other", "battery staple\n")]]
        {
            let plain = vault(passwords).decrypt(ENVELOPE.as_bytes()).unwrap();
            assert_eq!(plain.expose(), b"inline secret");
            assert_eq!(format!("{plain:?}"), crate::value::REDACTED);
        }
    }

    #[test]
    fn says_why_not() {
        let show = |vault: &Vault, envelope: &str| {
            let error = vault.decrypt(envelope.as_bytes()).unwrap_err();
            format!("{} {:?}", error.message, error.notes)
        };
        let right = vault(&[("prod", "battery staple")]);
        let wrong = vault(&[("dev", "a"), ("prod", "b")]);
        assert_eq!(
            show(&Vault::default(), ENVELOPE),
            "vaulted, and no vault password was given (its id is `prod`) []"
        );
        assert_eq!(
            show(&wrong, ENVELOPE),
            r#"no vault password that was given opens this ["tried dev, prod", "it was encrypted for vault id `prod`"]"#
        );
        for (from, to, message) in [
            ("1.2", "1.0", "unknown vault format `1.0;AES256`"),
            ("AES256", "AES", "unknown vault format `1.2;AES`"),
            ("$ANSIBLE_VAULT", "ANSIBLE", "not a whole vault text"),
            ("6330", "633", "not a whole vault text"),
            ("0a62", "0062", "not a whole vault text"),
            ("6330", "6331", "no vault password that was given opens this"),
        ] {
            let damaged = ENVELOPE.replacen(from, to, 1);
            assert!(
                show(&right, &damaged).starts_with(message),
                "{from}: {}",
                show(&right, &damaged)
            );
        }
        for end in 0..ENVELOPE.len() {
            assert!(Envelope::read(&ENVELOPE.as_bytes()[..end]).is_err() || end > 300, "{end}");
        }
        assert_eq!(format!("{right:?}"), r#"["prod"]"#);
    }
}
