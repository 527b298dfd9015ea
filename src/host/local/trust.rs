//! Which certificates are trusted: those of a named file, else the host's own, else the ones built
//! in.

use super::super::HostError;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;

/// Where distributions keep the certificates that they trust: Debian, Arch and Alpine; Fedora and
/// RHEL; openSUSE.
const HOST_FILES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// The certificates to trust.
///
/// # Errors
/// If the named file cannot be read or holds none.
pub(super) fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, HostError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        let pem = std::fs::read(path).map_err(|source| HostError::file("read", path, source))?;
        roots.add_parsable_certificates(parse(&pem));
        if roots.is_empty() {
            return Err(HostError::failed(format!("{} holds no certificate", path.display())));
        }
        return Ok(roots);
    }
    let hosts = HOST_FILES.iter().filter_map(|path| std::fs::read(path).ok());
    match hosts.map(|pem| parse(&pem)).find(|found| !found.is_empty()) {
        Some(found) => {
            roots.add_parsable_certificates(found);
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(roots)
}

/// The certificates of a PEM file that can be read; what else it holds is passed over.
fn parse(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}
