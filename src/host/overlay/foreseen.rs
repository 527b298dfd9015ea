//! What a command will answer that only tells what a file holds.

use super::Overlay;
use crate::host::{Command, CommandOutput, HostError, Stat};
use crate::value::Known;
use std::path::Path;

/// Where `cat` is.
const CAT: [&str; 2] = ["/usr/bin/cat", "/bin/cat"];
/// As much as is kept of what a process says.
const MOST: usize = 1024 * 1024;

impl Overlay<'_> {
    /// The answer of `cat FILE`, where what is pending says what the file will hold. Of any other
    /// command nothing is foreseen.
    pub(super) fn foreseen(&self, command: &Command) -> Result<Option<CommandOutput>, HostError> {
        let [program, path] = command.argv.as_slice() else { return Ok(None) };
        let path = Path::new(path);
        let own_way = command.stdin.is_some() || !command.environment.is_empty();
        if (program != "cat" && !CAT.contains(&program.as_str())) || own_way || !path.is_absolute()
        {
            return Ok(None);
        }
        let is_file = |stat: &Known<Stat>| matches!(stat, Known::Is(Stat::File(_)));
        let mut programs = CAT.iter().map(|cat| self.virtual_stat(Path::new(cat)));
        if !programs.any(|stat| stat.is_ok_and(|stat| is_file(&stat))) {
            return Ok(None);
        }
        let mut path = path.to_path_buf();
        // A link to another file: that one's content.
        if let Known::Is(Stat::Symlink(target)) = self.virtual_stat(&path)? {
            path = path.parent().unwrap_or(Path::new("/")).join(target);
        }
        if !is_file(&self.virtual_stat(&path)?) {
            return Ok(None);
        }
        let Known::Is(bytes) = self.virtual_read(&path)? else { return Ok(None) };
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= MOST);
        Ok(text.map(|stdout| CommandOutput { stdout, ..CommandOutput::default() }))
    }
}

#[cfg(test)]
mod tests {
    use crate::host::in_memory::InMemory;
    use crate::host::overlay::Overlay;
    use crate::host::{Action, Attributes, Command, Content, Host, Probe, ProbeAnswer, View};
    use crate::value::{Known, Origin};
    use std::collections::HashSet;

    #[test]
    fn a_pending_files_content_is_what_cat_will_say() {
        let files = serde_json::json!({"/usr/bin/cat": {"file": {}}, "/etc": {"directory": {}}});
        let world = serde_json::json!({ "files": files });
        let memory = InMemory::new(serde_json::from_value(world).unwrap());
        let mut overlay = Overlay::new(&memory, HashSet::new());
        let before = Known::Unknown(Origin::new("a test"));
        let content = Content { bytes: b"motd\n".to_vec(), secret: false };
        let (path, attributes) = ("/etc/which".into(), Attributes::default());
        overlay
            .perform(&Action::WriteFile {
                path,
                content,
                attributes,
                backup: false,
                validate: None,
                before,
            })
            .unwrap();
        let said = |argv: &[&str]| {
            let argv = argv.iter().map(|&word| word.to_owned()).collect();
            overlay.probe(&Probe::Command(Command { argv, ..Command::default() })).unwrap()
        };
        let told = said(&["cat", "/etc/which"]);
        assert!(
            matches!(&told, Known::Is(ProbeAnswer::Command(output)) if output.stdout == "motd\n")
        );
        for other in [&["cat", "/etc/none"] as &[&str], &["cat", "which"], &["head", "/etc/which"]]
        {
            assert!(matches!(said(other), Known::Unknown(_)), "{other:?}");
        }
    }
}
