//! The lab's CA, a second one that nobody trusts, and the server's certificates by either.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::super::process::run;
use super::files::Files;
use super::{Certificate, NAME};
use crate::lab::LabError;

/// The CA that clients are to trust.
pub(in crate::lab) fn ca_file(dir: &Path) -> PathBuf {
    Files::new(dir).certificate("ca")
}

/// Makes all of them; openssl-req(1).
pub(super) fn generate(files: &Files, address: Ipv4Addr) -> Result<(), LabError> {
    let usage = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
    for (name, subject) in [("ca", "/CN=Lab CA"), ("other-ca", "/CN=Other CA")] {
        request(files, name, subject, &usage, None)?;
    }
    for certificate in Certificate::ALL {
        let (issuer, host) = match certificate {
            Certificate::Good => ("ca", NAME),
            Certificate::UnknownIssuer => ("other-ca", NAME),
            Certificate::OtherName => ("ca", "other.lab.test"),
        };
        let names = match certificate {
            Certificate::OtherName => format!("subjectAltName=DNS:{host}"),
            _ => format!("subjectAltName=DNS:{host},IP:{address}"),
        };
        let leaf = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth", &names];
        request(files, certificate.name(), &format!("/CN={host}"), &leaf, Some(issuer))?;
    }
    Ok(())
}

/// Makes a key and its certificate, self-signed where there is no issuer.
fn request(
    files: &Files,
    name: &str,
    subject: &str,
    extensions: &[&str],
    issuer: Option<&str>,
) -> Result<(), LabError> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let mut args: Vec<String> =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            .map(str::to_owned)
            .to_vec();
    // An empty configuration: the machine's own would add extensions.
    args.extend(["-config", "/dev/null", "-days", "30", "-subj", subject].map(str::to_owned));
    args.extend(["-keyout".to_owned(), text(files.key(name))]);
    args.extend(["-out".to_owned(), text(files.certificate(name))]);
    for extension in extensions {
        args.extend(["-addext".to_owned(), (*extension).to_owned()]);
    }
    if let Some(issuer) = issuer {
        args.extend(["-CA".to_owned(), text(files.certificate(issuer))]);
        args.extend(["-CAkey".to_owned(), text(files.key(issuer))]);
    }
    run("openssl", args).map(drop)
}
