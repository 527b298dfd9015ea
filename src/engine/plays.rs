//! The plays of a run, one after the other, each in stages with its handlers after each.

use super::block::Parts;
use super::bundle::{PlayPart, Purpose, RoleCall};
use super::context::{Context, Reach};
use super::flow::Flow;
use super::run::Runner;
use super::task::{Body, Keywords, Task, count};
use crate::event::Event;
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Node, NodeKind};
use std::sync::Arc;

impl<'a> Runner<'a> {
    /// Every play, until one fails or the controller says that this is the end.
    pub(super) fn plays(&mut self, host: &mut dyn Host) -> Flow {
        let bundle = self.bundle;
        for (place, play) in bundle.plays.iter().enumerate() {
            let mut magic = play.magic.clone();
            if place > 0 || bundle.serves {
                self.share();
                match self.next(host, place > 0) {
                    Some(more) => magic.extend(more),
                    None => {
                        self.leave_out(&bundle.plays[place..]);
                        return Flow::Go;
                    }
                }
            }
            self.play = place;
            Arc::make_mut(&mut self.knows.facts).extend(magic);
            let flow = self.a_play(host, play);
            if matches!(flow, Flow::Stop { .. }) {
                self.knows.not_run += self.count_plays(&bundle.plays[place + 1..]);
                return flow;
            }
        }
        if bundle.serves {
            self.share();
            // Whoever asks for something does so before the run ends.
            self.next(host, !bundle.plays.is_empty());
        }
        Flow::Go
    }

    /// What the controller did not let this host begin.
    fn leave_out(&mut self, plays: &[PlayPart]) {
        self.knows.not_run += self.count_plays(plays);
        if !self.outlet.gone() {
            let error = Diagnostic::new("the plays that follow were not begun on this host");
            self.tell(Event::Warning(
                error.help("too many hosts had failed: see what failed there, then run again"),
            ));
        }
    }

    /// A play ends where its host's run of it does: the next begins all the same.
    fn a_play(&mut self, host: &mut dyn Host, play: &PlayPart) -> Flow {
        let outer = self.context();
        let last = play.stages.len().saturating_sub(1);
        let flow =
            self.each(host, play.stages.len(), &outer, &mut |runner, host, stage, context| {
                let flow = runner.stage(host, &play.stages[stage], context);
                if matches!(flow, Flow::Stop { .. }) {
                    runner.knows.not_run +=
                        runner.count_calls(play.stages[stage + 1..].iter().flatten());
                }
                if matches!(flow, Flow::Stop { .. } | Flow::End) || stage == last {
                    return flow;
                }
                match runner.flush_handlers(host, &context.reach) {
                    Flow::Go => flow,
                    failed => failed,
                }
            });
        if matches!(flow, Flow::Stop { .. }) {
            return flow;
        }
        self.recall_the_rest();
        match self.flush_handlers(host, &Reach::Certain) {
            Flow::Go => self.health(host, play),
            flow => flow,
        }
    }

    /// The roles' own checks, where they are to hold before the run goes on to other hosts. A dry run
    /// has nothing to ask yet.
    fn health(&mut self, host: &mut dyn Host, play: &PlayPart) -> Flow {
        let Some(health) = play.health.filter(|_| self.bundle.purpose == Purpose::Apply) else {
            return Flow::Go;
        };
        let bundle = self.bundle;
        for call in play.stages.iter().flatten() {
            let Some(role) = bundle.library.get(&call.name) else { continue };
            let Some(first) = role.verify.first() else { continue };
            let number = |kind| Some(Node { kind, span: first.span, secret: false });
            let keywords = Keywords {
                retries: number(NodeKind::Int(health.retries)),
                delay: number(NodeKind::Float(health.delay)),
                ..Keywords::default()
            };
            // A block without tasks of its own: they are handed over beside it.
            let (block, rescue, always) = (Vec::new(), Vec::new(), Vec::new());
            let all =
                Task { body: Body::Block { block, rescue, always }, keywords, ..first.clone() };
            let parts = Parts { block: &role.verify, rescue: &[], always: &[] };
            let context = self.enter_call(call, &self.context());
            match self.block(host, &all, parts, &context) {
                Flow::Go | Flow::End | Flow::MayEnd(_) => {}
                flow => return flow,
            }
        }
        Flow::Go
    }

    fn stage(&mut self, host: &mut dyn Host, calls: &[RoleCall], outer: &Context) -> Flow {
        self.each(host, calls.len(), outer, &mut |runner, host, index, context| {
            let call = &calls[index];
            let Some(tasks) = runner.tasks_of(call) else { return Flow::Go };
            let context = runner.enter_call(call, context);
            let flow = runner.list(host, tasks, &context);
            match &flow {
                Flow::Go if !runner.is_play_s_own(&call.name) => {
                    runner.completed(&call.name, &context);
                }
                Flow::Stop { .. } if context.reach == Reach::Certain => {
                    runner.knows.not_run += runner.count_calls(&calls[index + 1..]);
                }
                _ => {}
            }
            flow
        })
    }

    /// What a call runs in a run for this purpose.
    fn tasks_of(&self, call: &RoleCall) -> Option<&'a [Task]> {
        let role = self.bundle.library.get(&call.name)?;
        match self.bundle.purpose {
            Purpose::Verify => Some(&role.verify),
            Purpose::Check | Purpose::Apply => role.tasks.get(&call.file).map(Vec::as_slice),
        }
    }

    fn count_calls<'c>(&self, calls: impl IntoIterator<Item = &'c RoleCall>) -> usize {
        calls.into_iter().filter_map(|call| self.tasks_of(call)).map(count).sum()
    }

    fn count_plays(&self, plays: &[PlayPart]) -> usize {
        self.count_calls(plays.iter().flat_map(|play| &play.stages).flatten())
    }
}
