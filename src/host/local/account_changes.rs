//! Makes, changes and removes users and groups with the host's own tools (shadow-utils), which
//! lock and rewrite the account files. A password goes in by standard input, hashed.

use super::super::{Group, HostError, User, UserEntry};
use super::accounts::Accounts;
use super::{process, random};
use crate::value::{Known, Secret, crypt};

/// Seconds for one tool; removing a large home is not among what they do here.
const SECONDS: u64 = 60;

/// crypt(5)'s own default for `$6$`; more makes logins time out on small hosts.
const ROUNDS: u32 = 5000;

/// Brings a user to an entry, or removes it (home and mail stay).
pub(super) fn user(
    name: &str,
    entry: Option<&UserEntry>,
    before: &Known<Option<User>>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    plain_name(name)?;
    let found = accounts.user(name)?;
    if let Known::Is(planned) = before
        && *planned != found
    {
        let found = if found.is_some() { "its entry is another" } else { "there is no such user" };
        return Err(HostError::Stale { target: format!("user {name}"), found: found.to_owned() });
    }
    match (entry, found) {
        (None, None) => Ok(()),
        (None, Some(_)) => process::must(&process::tool(&["userdel", name], SECONDS)).map(drop),
        (Some(entry), None) => {
            add(name, entry, accounts)?;
            set_password(name, entry)
        }
        (Some(entry), Some(found)) => {
            change(name, entry, &found)?;
            set_password(name, entry)
        }
    }
}

fn add(name: &str, entry: &UserEntry, accounts: &Accounts) -> Result<(), HostError> {
    let mut argv = vec!["useradd".to_owned()];
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            argv.extend([flag.to_owned(), value]);
        }
    };
    // useradd refuses to make a private group that is there already.
    let group = match &entry.group {
        Some(group) => Some(group.clone()),
        None => accounts.group(name)?.map(|group| group.name),
    };
    option("--uid", entry.uid.map(|uid| uid.to_string()));
    option("--gid", group);
    option("--groups", entry.groups.as_ref().filter(|g| !g.is_empty()).map(|g| g.join(",")));
    option("--comment", entry.comment.clone());
    option("--home-dir", entry.home.clone());
    option("--shell", entry.shell.clone());
    if entry.system {
        argv.push("--system".to_owned());
    }
    argv.push(if entry.create_home { "--create-home" } else { "--no-create-home" }.to_owned());
    argv.push(name.to_owned());
    process::must(&process::tool(&argv, SECONDS)).map(drop)
}

fn change(name: &str, entry: &UserEntry, found: &User) -> Result<(), HostError> {
    let mut argv = vec!["usermod".to_owned()];
    let mut option = |flag: &str, wanted: Option<String>, found: &str| {
        if let Some(value) = wanted.filter(|value| value != found) {
            argv.extend([flag.to_owned(), value]);
        }
    };
    option("--uid", entry.uid.map(|uid| uid.to_string()), &found.uid.to_string());
    option("--gid", entry.group.clone(), &found.group);
    let groups = entry.groups.clone().map(|mut groups| {
        groups.sort();
        groups.dedup();
        groups.join(",")
    });
    option("--groups", groups, &found.groups.join(","));
    option("--comment", entry.comment.clone(), &found.comment);
    option("--home", entry.home.clone(), &found.home);
    option("--shell", entry.shell.clone(), &found.shell);
    if argv.len() == 1 {
        return Ok(());
    }
    argv.push(name.to_owned());
    process::must(&process::tool(&argv, SECONDS)).map(drop)
}

fn set_password(name: &str, entry: &UserEntry) -> Result<(), HostError> {
    let Some(password) = &entry.password else { return Ok(()) };
    let hash = match password.expose() {
        stored if crypt::is_verbatim(stored) => stored.clone(),
        password => crypt::hash(password, &random::bytes::<12>()?, ROUNDS)
            .ok_or_else(|| HostError::failed("cannot hash the password"))?,
    };
    let mut command = process::tool(&["chpasswd", "--encrypted"], SECONDS);
    command.stdin = Some(Secret::new(format!("{name}:{hash}\n")));
    process::must(&command).map(drop)
}

/// Brings a group to presence, with this number if one is given, or to absence.
pub(super) fn group(
    name: &str,
    wanted: Option<(Option<u32>, bool)>,
    before: &Known<Option<Group>>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    plain_name(name)?;
    let found = accounts.group(name)?;
    if let Known::Is(planned) = before
        && *planned != found
    {
        let found = match found {
            Some(group) => format!("its number is {}", group.gid),
            None => "there is no such group".to_owned(),
        };
        return Err(HostError::Stale { target: format!("group {name}"), found });
    }
    let mut argv: Vec<String> = Vec::new();
    match (wanted, found) {
        (None, None) => return Ok(()),
        (None, Some(_)) => argv.push("groupdel".to_owned()),
        (Some((gid, system)), None) => {
            argv.push("groupadd".to_owned());
            argv.extend(gid.into_iter().flat_map(|gid| ["--gid".to_owned(), gid.to_string()]));
            argv.extend(system.then(|| "--system".to_owned()));
        }
        (Some((Some(gid), _)), Some(found)) if gid != found.gid => {
            argv.extend(["groupmod".to_owned(), "--gid".to_owned(), gid.to_string()]);
        }
        (Some(_), Some(_)) => return Ok(()),
    }
    argv.push(name.to_owned());
    process::must(&process::tool(&argv, SECONDS)).map(drop)
}

/// A name that no tool takes for an option, and no account file for more than one field.
fn plain_name(name: &str) -> Result<(), HostError> {
    let plain = !name.is_empty()
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b':' | b',' | b'/'));
    if plain {
        return Ok(());
    }
    Err(HostError::failed(format!("`{}` is no name for an account", name.escape_debug())))
}
