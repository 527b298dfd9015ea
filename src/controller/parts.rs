//! What one host is sent of its plays.

use super::project::{HostPlan, HostPlay, Project};
use super::steps::Steps;
use crate::engine::bundle::{Health, PlayPart};
use crate::value::{Map, Value};

/// What a text holds that asks which hosts are in a play.
const NAMES: [&str; 2] = ["play_hosts", "play_batch"];

impl Project {
    /// The plays of a host, in order.
    pub(super) fn parts(&self, plan: &HostPlan) -> Vec<PlayPart> {
        plan.plays.iter().map(|play| self.part(play)).collect()
    }

    /// Whether anything asks which hosts are in a play.
    pub(super) fn asks_for_hosts(&self) -> bool {
        self.sources.texts().any(|text| NAMES.iter().any(|name| text.contains(name)))
    }

    fn part(&self, part: &HostPlay) -> PlayPart {
        let stages = part.stages.clone();
        let library = part.library.clone();
        let Some(play) = part.place.and_then(|place| self.plays.get(place)) else {
            return PlayPart { stages, library, ..PlayPart::default() };
        };
        let mut magic = Map::new();
        magic.insert("ansible_play_name".into(), play.play.name.as_str().into());
        magic.insert("playbook_dir".into(), Value::Str(play.play.folder.display().to_string()));
        PlayPart {
            own: Some(play.key().to_owned()),
            keywords: play.typed.keywords.clone(),
            module_defaults: play.typed.module_defaults.clone(),
            stages,
            library,
            magic,
            health: play
                .play
                .rollout
                .gate()
                .map(|gate| Health { retries: gate.retries, delay: gate.delay }),
        }
    }
}

/// Which hosts are in a play, and which of them in its batch, as far as they have not failed.
pub(super) fn play_variables(hosts: &[&str], batch: &[&str], steps: &Steps) -> Map {
    let well = |hosts: &[&str]| {
        let well = hosts.iter().copied().filter(|host| !steps.has_failed(host));
        Value::from(well.collect::<Vec<_>>())
    };
    let mut variables = Map::new();
    variables.insert("ansible_play_hosts_all".into(), Value::from(hosts.to_vec()));
    variables.insert("ansible_play_hosts".into(), well(hosts));
    variables.insert("play_hosts".into(), well(hosts));
    variables.insert("ansible_play_batch".into(), well(batch));
    variables
}
