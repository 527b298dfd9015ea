//! Keywords that only some tasks take: `check_mode: false`, `become_user`.

use super::Typing;
use crate::engine::task::{Body, Keywords};
use crate::text::{Diagnostic, Lack};
use crate::value::{Key, Node};

impl Typing<'_> {
    /// Refuses another user where nothing is run as one.
    pub(super) fn other_user(&mut self, keywords: &Keywords, body: &Body) {
        let Some(user) = &keywords.become_user else { return };
        let runs = matches!(body, Body::Resource { kind, .. } if matches!(kind.as_str(), "command" | "shell"));
        if !runs {
            self.error(
                Diagnostic::new("`become_user` works for `command` and `shell`")
                    .lacks(Lack::Keyword("become_user".to_owned()))
                    .at(user.span)
                    .help("the agent runs as root; give files their `owner`"),
            );
        }
    }

    /// Refuses the keyword where it would change a host in a dry run.
    pub(super) fn observation(
        &mut self,
        keywords: &Keywords,
        body: &Body,
        entries: &[(Key, Node)],
    ) {
        if !keywords.observes || only_looks(body) {
            return;
        }
        let key = entries.iter().find(|(key, _)| key.name == "check_mode").map(|(key, _)| key);
        let Some(key) = key else { return };
        self.error(
            Diagnostic::new("`check_mode: false` would change the host in a dry run")
                .at(key.span)
                .help("leave it out; it marks a `command`, `shell` or `uri` that only looks"),
        );
    }
}

/// Whether a task changes nothing on any host, or can be told to.
fn only_looks(body: &Body) -> bool {
    match body {
        Body::Resource { kind, params } if kind == "uri" => params
            .get("method")
            .is_none_or(|method| matches!(method.as_str(), Some("GET" | "HEAD"))),
        Body::Resource { kind, .. } => matches!(
            kind.as_str(),
            "command" | "shell" | "find" | "slurp" | "smtp_probe" | "stat" | "wait_for"
        ),
        Body::SetFact(_) | Body::Assert { .. } | Body::Fail(_) | Body::Debug(_) => true,
        Body::FlushHandlers
        | Body::EndHost
        | Body::IncludeRole { .. }
        | Body::IncludeTasks { .. }
        | Body::Block { .. } => false,
    }
}
