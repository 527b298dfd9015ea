//! What the host's own key keeps: digests that nobody can guess a secret from, and contents that
//! nobody can read without it. The key never leaves the host.
//!
//! A sealed text is base64 of IV, AES-256-CTR cipher text and an HMAC-SHA-256 over both (encrypt,
//! then MAC). The IV is an HMAC of the plain text: the same text is sealed the same way, so that
//! sealing needs no randomness and no IV is ever used for two texts.

use crate::value::Sha256;
use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const IV: usize = 16;
const TAG: usize = 32;

/// Something that only the host's key opens, in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

/// HMAC-SHA-256 (RFC 2104).
#[must_use]
pub fn keyed(key: &[u8], bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(mac(key, &[bytes]))
}

/// Seals bytes under the host's key.
#[must_use]
pub fn seal(key: &[u8], plain: &[u8]) -> Sealed {
    let iv = &mac(&*part(key, "iv"), &[plain])[..IV];
    let mut sealed = Vec::with_capacity(IV + plain.len() + TAG);
    sealed.extend_from_slice(iv);
    sealed.extend_from_slice(plain);
    stream(key, iv, &mut sealed[IV..]);
    let tag = mac(&*part(key, "tag"), &[&sealed]);
    sealed.extend_from_slice(&tag);
    Sealed(STANDARD.encode(sealed))
}

/// Opens what was sealed; `None` under another key, or if a bit of it is another.
#[must_use]
pub fn open(key: &[u8], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = STANDARD.decode(&sealed.0).ok()?;
    let (body, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
    let (iv, text) = body.split_at_checked(IV)?;
    Hmac::<sha2::Sha256>::new_from_slice(&*part(key, "tag"))
        .ok()?
        .chain_update(body)
        .verify_slice(tag)
        .ok()?;
    let mut plain = Zeroizing::new(text.to_vec());
    stream(key, iv, &mut plain);
    Some(plain)
}

/// One use, one key.
fn part(key: &[u8], used_for: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(mac(key, &[b"converge seal ", used_for.as_bytes()]))
}

fn stream(key: &[u8], iv: &[u8], bytes: &mut [u8]) {
    // The lengths are those of AES-256.
    if let Ok(mut cipher) = ctr::Ctr128BE::<Aes256>::new_from_slices(&*part(key, "text"), iv) {
        cipher.apply_keystream(bytes);
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_it_and_only_whole() {
        for plain in [&b""[..], b"x", b"a secret of more than one block of AES", &[0; 5000]] {
            let sealed = seal(b"key", plain);
            assert_eq!(&**open(b"key", &sealed).unwrap(), plain);
            assert_eq!(open(b"other", &sealed), None);
            assert_eq!(seal(b"key", plain), sealed, "the same text is sealed the same way");
            let bytes = STANDARD.decode(&sealed.0).unwrap();
            if plain.len() > 16 {
                assert!(!bytes.windows(16).any(|part| part == &plain[..16]), "it shows");
            }
            for at in 0..bytes.len().min(100) {
                let mut other = bytes.clone();
                other[at] ^= 1;
                assert_eq!(open(b"key", &Sealed(STANDARD.encode(&other))), None, "byte {at}");
                let cut = Sealed(STANDARD.encode(&bytes[..at.min(bytes.len() - 1)]));
                assert_eq!(open(b"key", &cut), None, "cut at {at}");
            }
        }
        assert_eq!(open(b"key", &Sealed("no base64".into())), None);
    }

    #[test]
    fn other_texts_have_other_keystreams() {
        let ivs = |plain: &[u8]| STANDARD.decode(seal(b"key", plain).0).unwrap()[..IV].to_vec();
        assert_ne!(ivs(b"one"), ivs(b"two"));
    }

    /// RFC 4231, test case 2.
    #[test]
    fn a_keyed_digest_is_an_hmac() {
        assert_eq!(
            keyed(b"Jefe", b"what do ya want for nothing?").to_string(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
