//! What a unit of a dry run takes along when it is started, stopped or enabled: other units,
//! folders, and whatever a service writes.

use super::Overlay;
use super::entry::{Below, Virtual};
use crate::host::{
    HostError, ServiceChange, Stat, StatAttributes, UNIT_FOLDERS, Unit, UnitTies, unit_name,
    unit_of_file,
};
use crate::value::{Known, Origin};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where services keep what they write; elsewhere they are assumed to change nothing.
const SERVICE_TERRITORY: [&str; 7] =
    ["/run", "/var/lib", "/var/cache", "/var/log", "/var/spool", "/var/tmp", "/tmp"];

type Ties = BTreeMap<String, UnitTies>;

impl Overlay<'_> {
    /// What hangs on a unit, as its pending files say, else as the host below does.
    pub(super) fn ties(&self, name: &str) -> Result<Known<UnitTies>, HostError> {
        let name = unit_name(name);
        let mut ties = match self.pending_texts(&name)? {
            Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
            Known::Is(Some(texts)) => {
                // What others say of it stands in their files.
                let below = self.ties_below(std::slice::from_ref(&name))?;
                let mut ties = UnitTies::read(&name, &texts);
                ties.stops.extend(below.stops);
                ties.conflicts.extend(below.conflicts);
                ties
            }
            Known::Is(None) => self.ties_below(std::slice::from_ref(&name))?,
        };
        for (other, its) in self.pending_ties()? {
            if its.stopped_by.contains(&name) {
                ties.stops.insert(other.clone());
            }
            if its.conflicts.contains(&name) {
                ties.conflicts.insert(other);
            }
        }
        Ok(Known::Is(ties))
    }

    fn ties_below(&self, names: &[String]) -> Result<UnitTies, HostError> {
        let asked: Vec<String> = {
            let known = self.asked_ties.borrow();
            names.iter().filter(|name| !known.contains_key(*name)).cloned().collect()
        };
        if !asked.is_empty() {
            let told = self.inner.unit_ties(&asked)?;
            self.asked_ties.borrow_mut().extend(asked.into_iter().zip(told));
        }
        let known = self.asked_ties.borrow();
        Ok(names.first().and_then(|name| known.get(name)).cloned().unwrap_or_default())
    }

    /// The texts that make a unit, if one of them is pending.
    pub(super) fn pending_texts(
        &self,
        name: &str,
    ) -> Result<Known<Option<Vec<String>>>, HostError> {
        let files = [Some(name.to_owned()), template(name)];
        let files: Vec<String> = files.into_iter().flatten().collect();
        let makes = |path: &PathBuf| {
            let Some(folder) = path.parent() else { return false };
            files.iter().any(|file| {
                UNIT_FOLDERS.iter().any(|units| {
                    let whole = Path::new(units).join(file);
                    *path == whole || folder == Path::new(&format!("{}.d", whole.display()))
                })
            })
        };
        if !self.files.keys().any(makes) {
            return Ok(Known::Is(None));
        }
        let mut texts = Vec::new();
        'files: for file in &files {
            for folder in UNIT_FOLDERS {
                let path = Path::new(folder).join(file);
                match self.text_at(&path)? {
                    Known::Is(None) => {}
                    Known::Is(Some(text)) => {
                        texts.push(text);
                        break 'files;
                    }
                    Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
                }
            }
        }
        for file in &files {
            for folder in UNIT_FOLDERS {
                let folder = Path::new(folder).join(format!("{file}.d"));
                if !matches!(self.virtual_stat(&folder)?, Known::Is(Stat::Directory(_))) {
                    continue;
                }
                let names = match self.virtual_list(&folder)? {
                    Known::Is(names) => names,
                    Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
                };
                for name in names.iter().filter(|name| name.ends_with(".conf")) {
                    match self.text_at(&folder.join(name))? {
                        Known::Is(text) => texts.extend(text),
                        Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
                    }
                }
            }
        }
        Ok(Known::Is(Some(texts)))
    }

    fn text_at(&self, path: &Path) -> Result<Known<Option<String>>, HostError> {
        Ok(match self.virtual_stat(path)? {
            Known::Is(Stat::File(_)) => self
                .virtual_read(path)?
                .map(|bytes| Some(String::from_utf8_lossy(&bytes).into_owned())),
            Known::Is(_) => Known::Is(None),
            Known::Unknown(origin) => Known::Unknown(origin),
        })
    }

    /// What pending unit files say, by unit.
    fn pending_ties(&self) -> Result<Ties, HostError> {
        let names: BTreeSet<String> =
            self.files.keys().filter_map(|path| unit_of_file(path)).collect();
        let mut all = Ties::new();
        for name in names {
            if let Known::Is(Some(texts)) = self.pending_texts(&name)? {
                all.insert(name.clone(), UnitTies::read(&name, &texts));
            }
        }
        Ok(all)
    }

    /// All units that hang on one, and what hangs on each of them; `edge` says by what.
    fn hanging(
        &self,
        name: &str,
        edge: fn(&UnitTies) -> &BTreeSet<String>,
    ) -> Result<Known<Ties>, HostError> {
        let mut found = Ties::new();
        let mut next: BTreeSet<String> = BTreeSet::from([unit_name(name)]);
        while !next.is_empty() {
            // One question for all of them.
            let names: Vec<String> = next.iter().cloned().collect();
            self.ties_below(&names)?;
            let mut further = BTreeSet::new();
            for name in names {
                let ties = match self.ties(&name)? {
                    Known::Is(ties) => ties,
                    Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
                };
                further.extend(edge(&ties).iter().filter(|name| acts(name)).cloned());
                found.insert(name, ties);
            }
            next = further.into_iter().filter(|name| !found.contains_key(name)).collect();
        }
        found.remove(&unit_name(name));
        Ok(Known::Is(found))
    }

    /// A unit is started: so are those that it needs, and what it writes may be anywhere where
    /// services write.
    pub(super) fn unit_starts(
        &mut self,
        name: &str,
        surely: bool,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let surely = surely && self.is_as_below(name)?;
        let own = match self.ties(name)? {
            Known::Is(ties) => ties,
            Known::Unknown(why) => {
                self.stir_everything(&why);
                UnitTies::default()
            }
        };
        let needed = match self.hanging(name, |ties| &ties.starts)? {
            Known::Is(needed) => needed,
            Known::Unknown(_) => Ties::new(),
        };
        let mut before = BTreeMap::new();
        for folder in own.folders.keys() {
            before.insert(folder.clone(), self.stat_at(&self.folder_place(folder)?)?);
        }
        let names: Vec<String> = needed.keys().cloned().collect();
        self.inner.expect_units(&names);
        let mut conflicts = BTreeSet::new();
        for (needed, ties) in &needed {
            let starts = match self.virtual_unit(needed)? {
                Known::Is(unit) => unit.exists && !unit.active && !unit.masked,
                Known::Unknown(_) => true,
            };
            if starts {
                self.units.insert(needed.clone(), Known::Unknown(origin.clone()));
                conflicts.extend(ties.conflicts.iter().cloned());
                for folder in ties.folders.keys() {
                    self.path_unknown(folder, origin)?;
                }
            }
        }
        self.stop_along(&conflicts, false, origin)?;
        let (unclear, clear): (BTreeSet<_>, BTreeSet<_>) =
            own.conflicts.iter().cloned().partition(|name| needed.contains_key(name));
        self.stop_along(&unclear, false, origin)?;
        self.stop_along(&clear, surely, origin)?;
        self.served = Some(origin.clone());
        self.arrive_in(&SERVICE_TERRITORY, origin);
        for (folder, mode) in &own.folders {
            let place = self.folder_place(folder)?;
            let stat = match (before.get(folder), mode) {
                (Some(Known::Is(Stat::Absent)), Some(mode)) => {
                    let (owner, group) = ("root".to_owned(), "root".to_owned());
                    Known::Is(Stat::Directory(StatAttributes { mode: *mode, owner, group }))
                }
                _ => Known::Unknown(origin.clone()),
            };
            self.put_folder(&place, stat);
        }
        Ok(())
    }

    /// A unit is stopped: so are those that hang on it, and its runtime folders go.
    pub(super) fn unit_stops(
        &mut self,
        name: &str,
        surely: bool,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let Known::Is(own) = self.ties(name)? else {
            self.stir_everything(origin);
            return Ok(());
        };
        self.stop_along(&own.stops, surely, origin)?;
        self.runtime_folders_go(&own, origin)
    }

    /// These stop with another, surely or perhaps, and with them what hangs on them.
    fn stop_along(
        &mut self,
        names: &BTreeSet<String>,
        surely: bool,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let mut all = Ties::new();
        for name in names.iter().filter(|name| acts(name)) {
            if let Known::Is(ties) = self.ties(name)? {
                all.insert(name.clone(), ties);
            } else if !matches!(self.virtual_unit(name)?, Known::Is(unit) if !unit.active) {
                self.units.insert(name.clone(), Known::Unknown(origin.clone()));
            }
            if let Known::Is(hanging) = self.hanging(name, |ties| &ties.stops)? {
                all.extend(hanging);
            }
        }
        self.inner.expect_units(&all.keys().cloned().collect::<Vec<_>>());
        for (name, ties) in all {
            let stopped = match self.virtual_unit(&name)? {
                Known::Is(unit) if !unit.active => continue,
                Known::Is(unit)
                    if surely
                        && names.contains(&name)
                        && !ties.revived
                        && self.is_as_below(&name)? =>
                {
                    Known::Is(Unit { active: false, ..unit })
                }
                _ => Known::Unknown(origin.clone()),
            };
            self.units.insert(name, stopped);
            self.runtime_folders_go(&ties, origin)?;
        }
        Ok(())
    }

    /// Whether what makes a unit is as systemd has read it.
    fn is_as_below(&self, name: &str) -> Result<bool, HostError> {
        Ok(self.pending_texts(&unit_name(name))? == Known::Is(None))
    }

    fn runtime_folders_go(&mut self, ties: &UnitTies, origin: &Origin) -> Result<(), HostError> {
        for folder in &ties.fleeting {
            let place = self.folder_place(folder)?;
            if self.stat_at(&place)? != Known::Is(Stat::Absent) {
                self.put_unknown(&place, origin);
            }
        }
        Ok(())
    }

    /// A unit is enabled or disabled: so are those that its file names, and links come and go.
    pub(super) fn unit_is_linked(&mut self, name: &str, origin: &Origin) -> Result<(), HostError> {
        let also = match self.hanging(name, |ties| &ties.also)? {
            Known::Is(also) => also,
            Known::Unknown(why) => {
                self.stir_everything(&why);
                Ties::new()
            }
        };
        for name in also.into_keys() {
            self.units.insert(name.clone(), Known::Unknown(origin.clone()));
            self.linked.insert(name);
        }
        self.linked.insert(unit_name(name));
        Ok(())
    }

    /// Any unit may have been started, stopped or enabled.
    fn stir_everything(&mut self, origin: &Origin) {
        for unit in self.units.values_mut() {
            *unit = Known::Unknown(origin.clone());
        }
        self.packages.gone.get_or_insert_with(|| origin.clone());
    }

    /// The state of an instance whose template is pending.
    pub(super) fn instance(&self, name: &str) -> Result<Option<Known<Unit>>, HostError> {
        if template(name).is_none() {
            return Ok(None);
        }
        let texts = match self.pending_texts(name)? {
            Known::Is(Some(texts)) if !texts.is_empty() => texts,
            Known::Is(_) => return Ok(None),
            Known::Unknown(origin) => return Ok(Some(Known::Unknown(origin))),
        };
        let installable = texts.iter().any(|text| text.contains("[Install]"));
        Ok(Some(self.is_wanted(name)?.map(|wanted| {
            Unit {
                exists: true,
                enabled: match (wanted, installable) {
                    (true, _) => "enabled",
                    (false, true) => "disabled",
                    (false, false) => "static",
                }
                .to_owned(),
                ..Unit::default()
            }
        })))
    }

    /// Whether a service that this run starts may have written here.
    pub(super) fn may_serve(&self, path: &Path) -> Option<&Origin> {
        let inside = || SERVICE_TERRITORY.iter().any(|folder| path.starts_with(folder));
        self.served.as_ref().filter(|_| inside())
    }

    /// Whether a link here may have come or gone with a unit's being enabled.
    pub(super) fn may_be_linked(&self, path: &Path) -> Option<Origin> {
        let folder = path.parent()?;
        let name = path.file_name()?.to_str()?;
        let above = folder.extension().is_some_and(|kind| kind == "wants" || kind == "requires");
        let in_etc = path.starts_with("/etc/systemd/system") || path.starts_with("/run/systemd");
        (above && in_etc && self.linked.contains(name)).then(|| links_of(name))
    }

    /// A directory is there for certain, whatever is not known of it.
    pub(super) fn put_folder(&mut self, place: &Path, stat: Known<Stat>) {
        let below = self.files.get(place).map_or(Below::Through, |entry| entry.below.clone());
        let content = Known::Is(Vec::new());
        let entry = Virtual { stat, content, below, is_directory: true };
        self.files.insert(place.to_path_buf(), entry);
    }

    /// What a mask is: a link to nothing, in /etc.
    pub(super) fn mask_changes(
        &mut self,
        name: &str,
        change: ServiceChange,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let name = unit_name(name);
        for folder in ["/etc/systemd/system", "/run/systemd/system"] {
            let place = self.place(&Path::new(folder).join(&name))?;
            let masks = change == ServiceChange::Mask && folder.starts_with("/etc");
            match self.stat_at(&place)? {
                Known::Is(Stat::Absent) if masks => {
                    self.symlink_at(&place, PathBuf::from("/dev/null"));
                }
                Known::Is(Stat::Symlink(_)) if change == ServiceChange::Unmask => {
                    self.put_unknown(&place, origin);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Why it is not known which links a unit has.
pub(super) fn links_of(name: &str) -> Origin {
    Origin::new(format!("whether {name} is enabled"))
}

/// Units that do something by being started; mounts, slices and devices are left out.
fn acts(name: &str) -> bool {
    [".service", ".socket", ".target", ".timer", ".path"].iter().any(|kind| name.ends_with(kind))
}

/// `getty@.service` of `getty@tty1.service`.
fn template(name: &str) -> Option<String> {
    let (stem, rest) = name.split_once('@')?;
    let (instance, kind) = rest.rsplit_once('.')?;
    (!instance.is_empty()).then(|| format!("{stem}@.{kind}"))
}
