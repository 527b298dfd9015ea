//! The one way in which this program speaks TLS: rustls with the algorithms of ring.

use super::super::HostError;
use super::trust;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    WantsVerifier,
};
use std::path::Path;
use std::sync::Arc;

/// Trusts the certificates of a file, else those that the host trusts.
///
/// # Errors
/// If the named file cannot be read or holds none.
pub(super) fn trusting(ca_file: Option<&Path>) -> Result<ClientConfig, HostError> {
    let roots = trust::roots(ca_file)?;
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

/// For what is not to be encrypted.
///
/// # Errors
/// None that is known.
pub(super) fn trusting_nobody() -> Result<ClientConfig, HostError> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Verifies nothing, for a task that says so itself; no credentials are sent so.
///
/// # Errors
/// None that is known.
pub(super) fn trusting_everybody() -> Result<ClientConfig, HostError> {
    let verifier = Anybody(provider().signature_verification_algorithms);
    let builder = builder()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(builder.with_no_client_auth())
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, HostError> {
    ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| HostError::failed(error.to_string()))
}

/// Takes any certificate, of whoever has its key.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
