//! The process that is Mailu.

use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, mpsc};

use super::api::Api;
use super::files::Files;
use super::front::{serve_port, tunnel};
use super::limiter::Limiter;
use super::login::serve_logins;
use super::relay::{self, serve_relay};
use super::store::Store;
use super::web::Web;
use super::{Behaviour, dovecot};

/// Serves on the address until killed or until a part of it ends; relays mail to the MX.
pub fn serve_mailu(address: Ipv4Addr, mx: Ipv4Addr, dir: &Path) -> Result<()> {
    let files = Files::new(dir);
    let token = std::fs::read_to_string(files.api_token())?.trim().to_owned();
    let store = Store::open(files.store())?;
    let api = Api { token, limiter: Limiter::new(files.limiter()), store };
    let web = Arc::new(Web::new(files.clone(), api)?);
    let _ = std::fs::remove_file(files.login_socket());
    let logins = UnixListener::bind(files.login_socket())?;
    let relay = TcpListener::bind((Ipv4Addr::LOCALHOST, relay::PORT))?;
    let mut dovecot = dovecot::start(&files, &std::env::current_exe()?)?;

    let (ended, end) = mpsc::channel();
    let part = |work: Box<dyn FnOnce() -> Result<()> + Send>| {
        let ended = ended.clone();
        std::thread::spawn(move || ended.send(work()));
    };
    let (own, own_web) = (files.clone(), Arc::clone(&web));
    part(Box::new(move || serve_logins(&logins, &own, &own_web.api().store)));
    let own_web = Arc::clone(&web);
    part(Box::new(move || serve_relay(&relay, mx, &own_web)));
    part(Box::new(move || Err(Error::other(format!("dovecot ended: {}", dovecot.wait()?)))));
    for port in Behaviour::PORTS {
        let (own, own_web, behind) = (files.clone(), Arc::clone(&web), files.clone());
        let address = SocketAddr::from((address, port));
        part(Box::new(move || {
            serve_port(address, &own, move |stream| match port {
                80 | 443 => own_web.converse(stream, port),
                _ => tunnel(&stream, port, &behind),
            })
        }));
    }
    // Mailu without one of its parts would be a Mailu that no test asked for.
    end.recv().map_err(Error::other)?
}
