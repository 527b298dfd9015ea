//! How the agent comes to be root where the login is not: by sudo(8) or doas(1), asked for by `-b` or
//! by a host's `ansible_become`; and what else the command line says of every host's login.

use crate::host::HostError;
use crate::host::local::random;
use crate::text::Diagnostic;
use crate::value::Secret;
use std::path::PathBuf;

/// What the command line says of the way to every host; a host's own variables win.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// `-u`.
    pub user: Option<String>,
    /// `--private-key`.
    pub private_key: Option<String>,
    /// `-k`.
    pub password: Option<Secret<String>>,
    /// `-b`.
    pub become_root: bool,
    /// `-K`.
    pub become_password: Option<Secret<String>>,
    /// The person's folder of ssh(1): there kept connections have their sockets.
    pub ssh_folder: Option<PathBuf>,
    /// This process is not root: on this machine, too, root is to be become.
    pub not_root: bool,
}

/// Reads a connection variable.
pub(super) type Read<'v> = dyn Fn(&str) -> Option<String> + 'v;

/// What makes the agent root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Escalation {
    /// sudo(8).
    Sudo {
        /// What it asks for; without one it must not ask.
        password: Option<Secret<String>>,
    },
    /// doas(1), which must ask for nothing: it reads passwords from a terminal alone.
    Doas,
}

impl Escalation {
    /// Of a host; `None` where the agent is started as the login.
    pub(super) fn of(
        host: &str,
        read: &Read<'_>,
        access: &Access,
    ) -> Result<Option<Self>, Diagnostic> {
        let asked = match read("ansible_become") {
            Some(text) => is_true("ansible_become", &text, host)?,
            None => access.become_root,
        };
        if !asked {
            return Ok(None);
        }
        let refused = |what: String, help: &str| {
            Err(Diagnostic::new(what).note(format!("of host `{host}`")).help(help))
        };
        if let Some(user) = read("ansible_become_user").filter(|user| user != "root") {
            let what = format!("`ansible_become_user` is `{user}`, and the agent must be root");
            return refused(what, "name the user in the tasks that need it: `become_user`");
        }
        let given = ["ansible_become_password", "ansible_become_pass"].iter();
        let password = given.filter_map(|name| read(name)).next();
        let password = password.map(|text| one_line(text, host)).transpose()?;
        let password = password.or_else(|| access.become_password.clone());
        match read("ansible_become_method").as_deref().unwrap_or("sudo") {
            "sudo" | "ansible.builtin.sudo" => Ok(Some(Self::Sudo { password })),
            "doas" | "community.general.doas" if password.is_none() => Ok(Some(Self::Doas)),
            "doas" | "community.general.doas" => refused(
                "doas takes no password from a program".to_owned(),
                "let it ask for none (`permit nopass`), or use sudo",
            ),
            other => refused(
                format!("`ansible_become_method` `{other}` is not supported"),
                "use `sudo` or `doas`, or connect as root",
            ),
        }
    }

    /// What is written where its password is asked for.
    pub(super) fn password(&self) -> Option<&Secret<String>> {
        match self {
            Self::Sudo { password } => password.as_ref(),
            Self::Doas => None,
        }
    }

    /// The words before the command that root is to run.
    pub(super) fn words(&self, marks: &Marks) -> Vec<String> {
        match self {
            Self::Sudo { password: None } => ["sudo", "-n", "--"].map(str::to_owned).into(),
            Self::Sudo { password: Some(_) } => {
                let prompt = marks.prompt.clone();
                ["sudo".to_owned(), "-S".to_owned(), "-p".to_owned(), prompt, "--".to_owned()]
                    .into()
            }
            Self::Doas => ["doas", "-n", "--"].map(str::to_owned).into(),
        }
    }
}

/// What a session is known by on its standard error: nobody else can say it.
pub(super) struct Marks {
    /// sudo asks for its password.
    pub(super) prompt: String,
    /// What sudo was to start has begun.
    pub(super) begun: String,
}

impl Marks {
    pub(super) fn new() -> Result<Self, HostError> {
        let random = random::hex::<16>()?;
        Ok(Self { prompt: format!("[converge {random} asks]"), begun: format!("[{random} begun]") })
    }
}

/// A password is typed, and ends with its line: what a block of YAML or `echo` leaves at its end is
/// no part of it.
pub(super) fn one_line(text: String, host: &str) -> Result<Secret<String>, Diagnostic> {
    let text = text.strip_suffix('\n').map(str::to_owned).unwrap_or(text);
    if text.contains(['\n', '\r', '\0']) {
        return Err(Diagnostic::new("a password of several lines cannot be typed")
            .note(format!("of host `{host}`"))
            .help("write it on one line"));
    }
    Ok(Secret::new(text))
}

/// A connection variable that says yes or no, in the words that YAML 1.1 and Ansible have.
pub(super) fn is_true(name: &str, text: &str, host: &str) -> Result<bool, Diagnostic> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" | "t" => Ok(true),
        "false" | "no" | "off" | "0" | "n" | "f" | "" => Ok(false),
        _ => Err(Diagnostic::new(format!("`{name}` is neither true nor false: `{text}`"))
            .note(format!("of host `{host}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Escalation, Marks};
    use crate::value::Secret;

    fn of(set: &[(&str, &str)], access: &Access) -> Result<Option<Escalation>, String> {
        let read = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Escalation::of("web1", &read, access).map_err(|error| error.message)
    }

    #[test]
    fn a_password_is_one_line_without_its_end() {
        let sudo = |text: &str| {
            let set = [("ansible_become", "true"), ("ansible_become_password", text)];
            of(&set, &Access::default())
        };
        assert_eq!(sudo("good\n"), sudo("good"));
        assert_ne!(sudo("good "), sudo("good"));
        assert!(sudo("good\nrm").unwrap_err().contains("several lines"));
    }

    #[test]
    fn the_inventory_has_the_last_word_on_becoming_root() {
        let asked = Access {
            become_root: true,
            become_password: Some(Secret::new("typed".into())),
            ..Access::default()
        };
        let sudo = |password: Option<&str>| {
            Ok(Some(Escalation::Sudo { password: password.map(|text| Secret::new(text.into())) }))
        };
        assert_eq!(of(&[], &Access::default()), Ok(None));
        assert_eq!(of(&[("ansible_become", "false")], &asked), Ok(None));
        assert_eq!(of(&[("ansible_become", "yes")], &Access::default()), sudo(None));
        assert_eq!(of(&[], &asked), sudo(Some("typed")));
        assert_eq!(of(&[("ansible_become_pass", "own")], &asked), sudo(Some("own")));
        let doas = [("ansible_become", "true"), ("ansible_become_method", "doas")];
        assert_eq!(of(&doas, &Access::default()), Ok(Some(Escalation::Doas)));
        for (name, value, words) in [
            ("ansible_become_method", "su", "`su` is not supported"),
            ("ansible_become_method", "doas", "takes no password"),
            ("ansible_become_user", "ann", "must be root"),
            ("ansible_become", "perhaps", "neither true nor false"),
        ] {
            let error = of(&[(name, value)], &asked).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn no_password_stands_in_the_words() {
        let sudo = Escalation::Sudo { password: Some(Secret::new("correct horse".into())) };
        let (one, other) = (Marks::new().unwrap(), Marks::new().unwrap());
        assert_eq!(sudo.words(&one), ["sudo", "-S", "-p", one.prompt.as_str(), "--"]);
        assert!(one.prompt != other.prompt && one.begun != other.begun);
        assert!(!format!("{sudo:?} {:?}", sudo.words(&one)).contains("horse"));
    }
}
