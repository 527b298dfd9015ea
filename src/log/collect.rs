//! Makes records of what happens on the threads that it is set for.

use super::{Filter, Named, Record};
use crate::host::local::clock;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Hands a record of each span that ends, and of each event, to whoever keeps them.
#[derive(Clone)]
pub struct Log {
    filter: Filter,
    keep: Arc<dyn Fn(Record) + Send + Sync>,
}

impl Log {
    /// Of what the filter lets through.
    pub fn new(filter: Filter, keep: impl Fn(Record) + Send + Sync + 'static) -> Self {
        Self { filter, keep: Arc::new(keep) }
    }

    /// To be set for a process or a thread.
    #[must_use]
    pub fn dispatch(&self) -> Dispatch {
        let registry = tracing_subscriber::registry().with(self.filter.targets());
        registry.with(self.clone()).into()
    }

    /// The one that is set for this thread.
    #[must_use]
    pub fn current() -> Option<Self> {
        dispatcher::get_default(|dispatch| dispatch.downcast_ref::<Self>().cloned())
    }

    /// What is let through.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Keeps a record that was made elsewhere.
    pub fn keep(&self, record: Record) {
        (self.keep)(record);
    }
}

/// A span that did not end yet.
struct Begun {
    at: Duration,
    since_start: Duration,
    named: Named,
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let named = Named { name: span.name().to_owned(), fields: fields.0 };
        let (at, since_start) = (clock::since_epoch(), clock::since_start());
        span.extensions_mut().insert(Begun { at, since_start, named });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(begun) = span.extensions_mut().remove::<Begun>() else { return };
        let took = clock::since_start().saturating_sub(begun.since_start);
        let outer = span.parent().into_iter().flat_map(|parent| parent.scope().from_root());
        let within = outer.filter_map(|span| Some(span.extensions().get::<Begun>()?.named.clone()));
        let ms = Some((took.as_secs_f64() * 1e6).round() / 1e3);
        self.keep(record(span.metadata(), begun.at, begun.named, within.collect(), ms));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let name = fields.0.remove("message").unwrap_or_default();
        let outer = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
        let within = outer.filter_map(|span| Some(span.extensions().get::<Begun>()?.named.clone()));
        let named = Named { name, fields: fields.0 };
        self.keep(record(event.metadata(), clock::since_epoch(), named, within.collect(), None));
    }
}

fn record(
    of: &Metadata<'_>,
    at: Duration,
    span: Named,
    within: Vec<Named>,
    ms: Option<f64>,
) -> Record {
    let second = clock::rfc3339(at.as_secs());
    let second = second.trim_end_matches('Z');
    Record {
        at: format!("{second}.{:06}Z", at.subsec_micros()),
        level: of.level().as_str().to_ascii_lowercase(),
        target: of.target().to_owned(),
        span,
        within,
        ms,
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn spans_are_kept_as_they_end_with_what_they_are_in() {
        let kept: Arc<Mutex<Vec<Record>>> = Arc::default();
        let sink = Arc::clone(&kept);
        let log =
            Log::new("debug".parse().unwrap(), move |record| sink.lock().unwrap().push(record));
        assert!(Log::current().is_none());
        dispatcher::with_default(&log.dispatch(), || {
            assert_eq!(Log::current().unwrap().filter(), log.filter());
            let _host = tracing::info_span!("host", name = "web1").entered();
            let task = tracing::debug_span!("task", id = %"r/main:x").entered();
            tracing::trace_span!("look").in_scope(|| ());
            tracing::debug!(left = 3, "waits");
            drop(task);
        });
        let kept = kept.lock().unwrap();
        let names: Vec<&str> = kept.iter().map(|record| record.span.name.as_str()).collect();
        assert_eq!(names, ["waits", "task", "host"]);
        let within = |at: usize| -> Vec<String> {
            kept[at]
                .within
                .iter()
                .map(|outer| format!("{} {:?}", outer.name, outer.fields))
                .collect()
        };
        assert_eq!(within(0), [r#"host {"name": "web1"}"#, r#"task {"id": "r/main:x"}"#]);
        assert_eq!(within(1), [r#"host {"name": "web1"}"#]);
        assert_eq!(kept[0].span.fields["left"], "3");
        assert!(kept[0].ms.is_none() && kept[1].ms.unwrap() <= kept[2].ms.unwrap());
        assert_eq!((kept[1].level.as_str(), kept[1].target.as_str()), ("debug", module_path!()));
    }
}
