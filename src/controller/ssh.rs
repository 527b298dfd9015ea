//! The words for OpenSSH's ssh(1). Whatever is not said here, the person's ssh_config(5) says.

use super::access::{Access, Read, is_true};
use crate::text::{Diagnostic, split_words};
use crate::value::Sha256;
use std::path::Path;

/// How long connecting may take where `ansible_timeout` does not say, in seconds.
const CONNECT: u64 = 10;

/// How long a host may say nothing where `converge_silence_timeout` does not say, in seconds.
const SILENCE: u64 = 30;

/// The words without the command there; the host stands behind `--`, so that no name is taken for
/// an option.
pub(super) fn words(
    host: &str,
    read: &Read<'_>,
    access: &Access,
) -> Result<Vec<String>, Diagnostic> {
    let first = |names: &[&str]| names.iter().find_map(|name| read(name));
    let mut argv = vec![read("ansible_ssh_executable").unwrap_or_else(|| "ssh".to_owned())];
    let fixed = match password(read).is_some() || access.password.is_some() {
        false => &["-T", "-o", "BatchMode=yes"][..],
        // What answers has one answer.
        true => &["-T", "-o", "NumberOfPasswordPrompts=1"],
    };
    argv.extend(fixed.iter().map(|word| (*word).to_owned()));
    argv.extend(["-o".to_owned(), format!("ConnectTimeout={}", connect_seconds(host, read)?)]);
    let before_kept = argv.len();
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            argv.extend([flag.to_owned(), value]);
        }
    };
    option("-p", first(&["ansible_port", "ansible_ssh_port"]));
    let user = first(&["ansible_user", "ansible_ssh_user"]);
    option("-l", user.or_else(|| access.user.clone()));
    let key = first(&["ansible_ssh_private_key_file", "ansible_private_key_file"]);
    option("-i", key.or_else(|| access.private_key.clone()));
    for name in ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"] {
        let words = split_words(&read(name).unwrap_or_default()).map_err(|quote| {
            Diagnostic::new(format!("a quote {quote} is not closed in `{name}`"))
                .note(format!("of host `{host}`"))
                .help("quote its words as for a shell: `-o 'ProxyCommand=nc %h %p'`")
        })?;
        argv.extend(words);
    }
    let destination = first(&["ansible_host", "ansible_ssh_host"]);
    let destination = destination.unwrap_or_else(|| host.to_owned());
    if let Some(folder) = kept_in(host, read, access)? {
        // ssh_config(5), TOKENS: %C is the connection's hash, %% a percent sign. It knows nothing of
        // jumps, proxies and host keys: who is reached by other words has another socket.
        let way = format!("{}\0{destination}", argv.join("\0"));
        let way = Sha256::of(way.as_bytes()).to_string();
        let folder = folder.to_string_lossy().replace('%', "%%");
        let path = format!("ControlPath={folder}/converge-{}-%C", &way[..8]);
        let kept = ["ControlMaster=auto", "ControlPersist=60", &path];
        let kept = kept.into_iter().flat_map(|option| ["-o".to_owned(), option.to_owned()]);
        // The first value that ssh is given of an option wins.
        argv.splice(before_kept..before_kept, kept);
    }
    argv.push("--".to_owned());
    argv.push(destination);
    Ok(argv)
}

/// Where the socket of a connection lies that is kept for the next run: `converge_ssh_persist`.
pub(super) fn kept_in<'a>(
    host: &str,
    read: &Read<'_>,
    access: &'a Access,
) -> Result<Option<&'a Path>, Diagnostic> {
    let name = "converge_ssh_persist";
    let kept = read(name).map_or(Ok(false), |text| is_true(name, &text, host))?;
    Ok(access.ssh_folder.as_deref().filter(|_| kept))
}

/// The login's password, where the inventory has one.
pub(super) fn password(read: &Read<'_>) -> Option<String> {
    ["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"].iter().find_map(|n| read(n))
}

/// How long connecting may take.
pub(super) fn connect_seconds(host: &str, read: &Read<'_>) -> Result<u64, Diagnostic> {
    let name =
        ["ansible_ssh_timeout", "ansible_timeout"].into_iter().find(|name| read(name).is_some());
    name.map_or(Ok(CONNECT), |name| seconds(name, 1, host, read))
}

/// How long a host may say nothing. Its agent says something every 2 seconds.
pub(super) fn silence_seconds(host: &str, read: &Read<'_>) -> Result<u64, Diagnostic> {
    let name = "converge_silence_timeout";
    if read(name).is_none() { Ok(SILENCE) } else { seconds(name, 5, host, read) }
}

fn seconds(name: &str, least: u64, host: &str, read: &Read<'_>) -> Result<u64, Diagnostic> {
    let text = read(name).unwrap_or_default();
    let number = text.trim().parse().ok().filter(|number| (least..=3600).contains(number));
    number.ok_or_else(|| {
        Diagnostic::new(format!("`{name}` is no number of seconds from {least} to 3600: `{text}`"))
            .note(format!("of host `{host}`"))
    })
}
