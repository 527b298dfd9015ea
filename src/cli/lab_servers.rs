//! The lab's own servers: `converge lab up` starts this program anew as each of them.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Subcommand;

use crate::lab::{self, LabError};

#[derive(Debug, Subcommand)]
pub(super) enum LabServer {
    /// Be the lab's MX (started by `up`)
    #[command(hide = true)]
    ServeMx { listen: IpAddr, maildir: PathBuf },
    /// Be the lab's Mailu (started by `up`)
    #[command(hide = true)]
    ServeMailu { address: Ipv4Addr, mx: Ipv4Addr, dir: PathBuf },
    /// Be the checkpassword program of the Mailu's Dovecot
    #[command(hide = true)]
    CheckLogin {
        socket: PathBuf,
        peer: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        reply: Vec<String>,
    },
}

impl LabServer {
    /// Serves until it is killed; a login's answer is its exit code.
    pub(super) fn run(self) -> Result<u8, LabError> {
        let failed = |path| |source| LabError::Io { what: "serve", path, source };
        match self {
            Self::ServeMx { listen, maildir } => {
                lab::serve_mx((listen, 25), &maildir).map_err(failed(maildir)).map(|()| 0)
            }
            Self::ServeMailu { address, mx, dir } => {
                lab::mailu::serve_mailu(address, mx, &dir).map_err(failed(dir)).map(|()| 0)
            }
            Self::CheckLogin { socket, peer, reply } => {
                Ok(lab::mailu::check_login(&socket, &peer, &reply))
            }
        }
    }
}
