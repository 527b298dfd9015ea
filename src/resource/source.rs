//! A file of the role that a task names in `src`, and whose content the engine hands on.

/// Which of a role's files `src` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// One in `files/`, taken as it is.
    File,
    /// One in `templates/`, rendered.
    Template,
}

impl Source {
    /// The role's folder that it is in.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Template => "templates",
        }
    }

    /// As a reader calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Template => "template",
        }
    }
}
