//! Ansible's vault format.

use crate::text::Diagnostic;
use crate::value::Secret;

/// The passwords that vaulted values may be encrypted with. Empty by default.
#[derive(Debug, Clone, Default)]
pub struct Vault {}

impl Vault {
    /// Decrypts one envelope: the text from `$ANSIBLE_VAULT;` on.
    ///
    /// # Errors
    /// Why not, without a place.
    pub fn decrypt(&self, _envelope: &[u8]) -> Result<Secret<Vec<u8>>, Diagnostic> {
        Err(Diagnostic::new("vaulted value, but no vault password was given")
            .help("give it with --vault-password-file or --ask-vault-pass"))
    }
}
