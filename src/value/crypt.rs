//! Password hashes as crypt(5) has them.

use sha_crypt::{Algorithm, CustomizedPasswordHasher, Params, PasswordVerifier, ShaCrypt};

/// Whether a text is a password's hash already, rather than a password: `$ID$…` of crypt(5).
#[must_use]
pub fn is_hash(text: &str) -> bool {
    let mut parts = text.split('$');
    let id = (parts.next(), parts.next());
    matches!(id, (Some(""), Some("1" | "2a" | "2b" | "2y" | "5" | "6" | "7" | "y" | "gy")))
        && parts.count() >= 2
}

/// Whether a text locks an account's password (passwd(1)): `!` or `*`, with a hash behind or none.
#[must_use]
pub fn is_lock(text: &str) -> bool {
    let rest = text.trim_start_matches(['!', '*']);
    rest.len() < text.len() && (rest.is_empty() || is_hash(rest))
}

/// A lock without a hash behind it.
#[must_use]
pub fn is_bare_lock(text: &str) -> bool {
    is_lock(text) && text.trim_start_matches(['!', '*']).is_empty()
}

/// Whether a text is stored as it is, rather than hashed.
#[must_use]
pub fn is_verbatim(text: &str) -> bool {
    is_hash(text) || is_lock(text)
}

/// Whether a stored hash is this password's. Only SHA-crypt (`$5$`, `$6$`) can be checked; any
/// other hash is not this password's.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    (hash.starts_with("$5$") || hash.starts_with("$6$"))
        && ShaCrypt::default().verify_password(password.as_bytes(), hash).is_ok()
}

/// A `$6$` hash with this salt; `None` if the salt or the rounds (1,000 and more) will not do.
#[must_use]
pub fn hash(password: &str, salt: &[u8], rounds: u32) -> Option<String> {
    let params = Params::new(rounds).ok()?;
    ShaCrypt::new(Algorithm::Sha512Crypt, params)
        .hash_password_customized(password.as_bytes(), salt, None, None, params)
        .ok()
        .map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_its_passwords_and_no_others() {
        let made = hash("s3cret", b"memorysalt12", 1000).unwrap();
        assert!(is_hash(&made) && verify("s3cret", &made) && !verify("other", &made), "{made}");
        for not in ["", "!", "*", "$y$j9T$x$y", "$6$", "plain"] {
            assert!(!verify("s3cret", not), "{not}");
        }
        for (text, lock, bare) in [
            ("!", true, true),
            ("*", true, true),
            ("!!", true, true),
            ("!$y$j9T$x$y", true, false),
            ("!bang", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_lock(text), is_bare_lock(text)), (lock, bare), "{text}");
        }
        assert!(!is_hash("$6$x") && !is_hash("$ecret") && is_hash("$y$j9T$x$y"));
    }
}
