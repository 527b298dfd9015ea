//! One host's boot and power: layers, systemd-nspawn, and the wait until systemd says it is up.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::base::Base;
use super::cgroup::Cgroup;
use super::error::io;
use super::family::REPOSITORY;
use super::process::last_lines;
use super::state::BINARY;
use super::{Instance, LabError, Patience};

/// A boot takes well under a second; sixteen at once on two cores take a few.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything one boot needs to know.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) instance: Instance,
    pub(super) name: String,
    pub(super) base: Base,
    pub(super) binary: PathBuf,
}

impl Machine {
    /// `seed` (what makes it this host), `upper` (what it wrote), `work`, `root`, `layer.N`.
    pub(super) fn dir(&self) -> PathBuf {
        self.instance.disk_dir().join(&self.name)
    }

    pub(super) fn cgroup(&self) -> Result<Cgroup, LabError> {
        Cgroup::of_member(&self.instance, &self.name)
    }

    fn console(&self) -> PathBuf {
        self.instance.run_dir().join(format!("{}.console", self.name))
    }

    /// The snapshots of the host, oldest first.
    pub(super) fn layers(&self) -> Vec<PathBuf> {
        let layer = |number: usize| self.dir().join(format!("layer.{number}"));
        (1..).map(layer).take_while(|path| path.exists()).collect()
    }

    /// Boots the host over what its layers hold, and returns when its systemd has started all.
    pub(super) fn boot(&self) -> Result<(), LabError> {
        let dir = self.dir();
        self.make_layers(&dir)?;
        let cgroup = self.cgroup()?;
        cgroup.create()?;
        let socket = self.instance.run_dir().join(format!("{}.notify", self.name));
        let _ = std::fs::remove_file(&socket);
        let notify = UnixDatagram::bind(&socket).map_err(io("bind", &socket))?;
        let mut child = self.launch(&dir, &cgroup, &socket)?;
        let booted = self.wait_until_ready(&notify, &mut child);
        let _ = std::fs::remove_file(&socket);
        // Whoever ends the host later, its launcher must not stay behind as a zombie.
        std::thread::spawn(move || child.wait());
        booted
    }

    fn make_layers(&self, dir: &Path) -> Result<(), LabError> {
        // overlayfs refuses a work folder that a volatile mount used before.
        let work = dir.join("work");
        match std::fs::remove_dir_all(&work) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(io("remove", work)(error));
            }
            _ => {}
        }
        for folder in ["upper", "work", "root"] {
            let folder = dir.join(folder);
            std::fs::create_dir_all(&folder).map_err(io("create", folder))?;
        }
        // The topmost layer is the host's `/`: open to its users, whatever our own umask.
        let upper = dir.join("upper");
        std::fs::set_permissions(&upper, Permissions::from_mode(0o755)).map_err(io("change", upper))
    }

    /// The overlay's options. `volatile`: fsync costs nothing, as no host outlives this machine.
    fn overlay(&self, dir: &Path) -> String {
        let layers = self.layers();
        let lower: Vec<String> = layers
            .iter()
            .rev()
            .chain([&dir.join("seed"), &self.base.tree])
            .map(|layer| layer.display().to_string())
            .collect();
        let (lower, dir) = (lower.join(":"), dir.display());
        format!("volatile,lowerdir={lower},upperdir={dir}/upper,workdir={dir}/work")
    }

    fn launch(&self, dir: &Path, cgroup: &Cgroup, socket: &Path) -> Result<Child, LabError> {
        let console = self.console();
        let log = File::create(&console).map_err(io("create", &console))?;
        let errors = log.try_clone().map_err(io("open", &console))?;
        let (name, root) = (&self.name, dir.join("root"));
        let netns = self.instance.netns(name);
        Command::new("unshare")
            .args(["--mount", "--propagation", "slave", "sh", "-c"])
            .args([include_str!("recipes/boot.sh"), "boot"])
            .arg(cgroup.path())
            .arg(self.overlay(dir))
            .arg(&root)
            .args(["systemd-nspawn", "--quiet", "--boot", "--keep-unit", "--register=no"])
            .args(["--notify-ready=yes", "--console=read-only", "--resolv-conf=off"])
            .args(["--timezone=off", "--link-journal=no", "--settings=no"])
            .arg(format!("--directory={}", root.display()))
            .arg(format!("--machine={netns}"))
            .arg(format!("--hostname={name}"))
            .arg(format!("--network-namespace-path=/run/netns/{netns}"))
            .arg(format!("--bind-ro={}:{BINARY}", self.binary.display()))
            .arg(format!("--bind-ro={}:{REPOSITORY}", self.base.packages.display()))
            .env("NOTIFY_SOCKET", socket)
            .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Not to be interrupted together with whoever runs us.
            .process_group(0)
            .spawn()
            .map_err(io("run", "unshare"))
    }

    /// sd_notify(3): the host's systemd says READY=1 when its first transaction is done.
    fn wait_until_ready(&self, notify: &UnixDatagram, child: &mut Child) -> Result<(), LabError> {
        let patience = Patience::of(PATIENCE);
        let _ = notify.set_read_timeout(Some(Duration::from_millis(50)));
        let mut message = [0; 4096];
        while patience.is_left() {
            if let Ok(length) = notify.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..length]);
                if text.lines().any(|line| line == "READY=1") {
                    return Ok(());
                }
            } else if !matches!(child.try_wait(), Ok(None)) {
                break;
            }
        }
        let console = std::fs::read(self.console()).unwrap_or_default();
        Err(LabError::NotBooted {
            host: self.name.clone(),
            waited: patience.waited(),
            console: last_lines(&String::from_utf8_lossy(&console), 15),
        })
    }

    /// Pulls the plug: SIGKILL to init takes every process of the host with it.
    pub(super) fn kill(&self) -> Result<(), LabError> {
        self.cgroup()?.kill()
    }

    /// Throws away what the host wrote since the blank state or the last snapshot.
    pub(super) fn forget(&self) -> Result<(), LabError> {
        let upper = self.dir().join("upper");
        let old = (0..).map(|n| self.dir().join(format!("old.{n}"))).find(|path| !path.exists());
        let old = old.unwrap_or_else(|| self.dir().join("old"));
        std::fs::rename(&upper, &old).map_err(io("rename", &upper))?;
        // Nothing waits for it; what is left of it goes with the instance.
        std::thread::spawn(move || std::fs::remove_dir_all(old));
        Ok(())
    }

    /// Makes what the host wrote so far a layer of its own.
    pub(super) fn keep(&self) -> Result<(), LabError> {
        let layer = self.dir().join(format!("layer.{}", self.layers().len() + 1));
        let upper = self.dir().join("upper");
        std::fs::rename(&upper, layer).map_err(io("rename", upper))
    }

    /// Throws away the snapshots.
    pub(super) fn forget_layers(&self) -> Result<(), LabError> {
        self.layers()
            .into_iter()
            .try_for_each(|layer| std::fs::remove_dir_all(&layer).map_err(io("remove", layer)))
    }
}
