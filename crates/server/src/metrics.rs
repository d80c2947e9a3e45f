//! Counts of what the server does, as Prometheus reads them. No label comes from what a caller sends.

use axum::http::Method;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::{fmt, time::Duration};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    method: String,
    route: String,
    status: u32,
}

/// The counts.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<Call, Counter>,
    took: Histogram,
    pub(crate) log_size: Gauge,
    pub(crate) jobs_ready: Gauge,
    pub(crate) jobs_leased: Gauge,
    pub(crate) jobs_failed: Gauge,
    pub(crate) channels_failing: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("tenure");
        let calls = Family::<Call, Counter>::default();
        let took = Histogram::new([0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0]);
        registry.register("http_requests", "Calls by route and status", calls.clone());
        registry.register(
            "http_request_duration_seconds",
            "How long calls took",
            took.clone(),
        );
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let log_size = gauge("log_events", "Events of the log");
        let jobs_ready = gauge("jobs_ready", "Jobs that wait");
        let jobs_leased = gauge("jobs_leased", "Jobs that a worker holds");
        let jobs_failed = gauge("jobs_failed", "Jobs that were given up");
        let channels_failing = gauge("channels_failing", "Channels over which no notice arrives");
        Self {
            channels_failing,
            log_size,
            jobs_ready,
            jobs_leased,
            jobs_failed,
            registry,
            calls,
            took,
        }
    }
}

impl Metrics {
    pub(crate) fn count(&self, method: &Method, route: &str, status: u16, took: Duration) {
        // A method that no route has is a caller's own word.
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE => {
                method.as_str()
            }
            _ => "other",
        };
        let call = Call {
            method: method.to_owned(),
            route: route.to_owned(),
            status: u32::from(status),
        };
        self.calls.get_or_create(&call).inc();
        self.took.observe(took.as_secs_f64());
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
