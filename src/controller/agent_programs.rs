//! The agents that can be sent: this program's own build, as a small program beside it for each
//! architecture, or this program itself.

use crate::agent::program::BUILD;
use crate::config::Files;
use crate::host::Disk;
use crate::text::Diagnostic;
use crate::value::Sha256;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What of an ELF file's head says its machine (elf(5), `e_machine`), and what uname(1) calls it.
const MACHINES: [(u16, &str); 2] = [(62, "x86_64"), (183, "aarch64")];

/// A program that can be sent.
pub(super) struct AgentProgram {
    /// Of the program.
    pub(super) digest: String,
    machine: Option<&'static str>,
    bytes: Vec<u8>,
    packed: OnceLock<Vec<u8>>,
}

impl AgentProgram {
    fn new(bytes: Vec<u8>) -> Self {
        let number = bytes.get(18..20).map(|two| u16::from_le_bytes([two[0], two[1]]));
        let machine = MACHINES.iter().find(|(known, _)| Some(*known) == number);
        Self {
            digest: Sha256::of(&bytes).to_string(),
            machine: machine.map(|(_, name)| *name),
            bytes,
            packed: OnceLock::new(),
        }
    }

    /// As gzip(1) unpacks it.
    pub(super) fn packed(&self) -> &[u8] {
        self.packed.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            // A vector takes all that it is given.
            let _ = encoder.write_all(&self.bytes);
            encoder.finish().unwrap_or_default()
        })
    }
}

/// Those of this build, looked for when the first host needs to know.
#[derive(Default)]
pub(super) struct AgentPrograms {
    program: Option<PathBuf>,
    found: OnceLock<Vec<AgentProgram>>,
}

impl AgentPrograms {
    /// Those beside this program, or it.
    pub(super) fn beside(program: Option<PathBuf>) -> Self {
        Self { program, found: OnceLock::new() }
    }

    /// This program.
    pub(super) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Every one.
    pub(super) fn all(&self) -> &[AgentProgram] {
        self.found.get_or_init(|| self.program.as_deref().map_or_else(Vec::new, find))
    }

    /// The one for a machine, by what uname(1) calls it.
    pub(super) fn for_machine(&self, machine: &str) -> Result<&AgentProgram, Diagnostic> {
        self.all().iter().find(|agent| agent.machine == Some(machine)).ok_or_else(|| {
            Diagnostic::new(format!("there is no agent for a host that is {machine}"))
                .help(format!("build one with `scripts/dist {machine}` and put it beside converge"))
        })
    }
}

fn find(program: &Path) -> Vec<AgentProgram> {
    let read = |path: &Path| Disk.read(path).ok().flatten();
    let names = MACHINES.map(|(_, machine)| format!("converge-agent-{machine}"));
    let mut found: Vec<AgentProgram> = Vec::new();
    let beside = names.iter().map(String::as_str).chain(["converge-agent"]);
    for bytes in beside.filter_map(|name| read(&program.with_file_name(name))) {
        let agent = AgentProgram::new(bytes);
        if is_of_this_build(&agent.bytes) && !found.iter().any(|one| one.machine == agent.machine) {
            found.push(agent);
        }
    }
    let own = MACHINES.iter().find(|(_, machine)| *machine == std::env::consts::ARCH);
    if !found.iter().any(|one| one.machine == own.map(|(_, machine)| *machine)) {
        found.extend(read(program).map(AgentProgram::new));
    }
    found
}

/// A stale agent is never sent.
fn is_of_this_build(bytes: &[u8]) -> bool {
    aho_corasick::AhoCorasick::new([BUILD]).is_ok_and(|search| search.is_match(bytes))
}

#[cfg(test)]
mod tests {
    use super::{AgentPrograms, BUILD};

    fn elf(machine: u16, text: &str) -> Vec<u8> {
        let mut bytes = vec![0; 20];
        bytes[18..].copy_from_slice(&machine.to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    #[expect(clippy::disallowed_methods, reason = "programs for a test")]
    #[test]
    fn of_what_lies_beside_the_program_only_this_build_s_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let put =
            |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        put("converge", &elf(62, "the program"));
        put("converge-agent", &elf(62, "converge build 0000."));
        put("converge-agent-aarch64", &elf(183, BUILD));
        let agents = || AgentPrograms::beside(Some(folder.path().join("converge")));
        let text = |agents: &AgentPrograms, machine: &str| {
            let agent = agents.for_machine(machine).map_err(|error| error.message)?;
            let mut text = Vec::new();
            std::io::copy(&mut flate2::read::GzDecoder::new(agent.packed()), &mut text).unwrap();
            Ok::<_, String>(String::from_utf8_lossy(&text[20..]).into_owned())
        };
        assert_eq!(text(&agents(), "x86_64").unwrap(), "the program", "the other one is stale");
        assert_eq!(text(&agents(), "aarch64").unwrap(), BUILD);
        put("converge-agent", &elf(62, &format!("small, {BUILD}")));
        assert!(text(&agents(), "x86_64").unwrap().starts_with("small"));
        let error = text(&agents(), "riscv64").unwrap_err();
        assert_eq!(error, "there is no agent for a host that is riscv64");
    }
}
