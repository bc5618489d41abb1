//! What goes in comes back out: an export imports again without a change, and exports again to the same bytes.

use futures_util::TryStreamExt as _;
use rec_registry::auth::Principal;
use rec_registry::domain::import::{Counts, ImportOptions, ImportReport};
use rec_registry::service::export::export;
use rec_registry::service::import::{Format, import};
use rec_registry::service::{Ctx, DatabaseSettings, Registry};

use crate::support::federation::Federation;
use crate::support::{Fixture, TestDatabase, on_both_databases, sample};

/// The use cases on an empty registry, for an operator.
struct Operator(Registry);

impl Fixture for Operator {
    async fn on(database: &TestDatabase) -> Self {
        let registry = Registry::connect(&database.url, &DatabaseSettings::default()).await;
        let registry = registry.expect("the database answers");
        registry.migrate().await.expect("the schema goes up");
        Self(registry)
    }
}

impl Operator {
    fn context(&self) -> Ctx {
        self.0.context(Ok(Principal::local_operator()))
    }

    async fn import(&self, yaml: String) -> Vec<ImportReport> {
        let outcome = import(&self.context(), yaml.into(), Format::Yaml, ImportOptions::default()).await;
        outcome.expect("the bundles go in").reports
    }

    async fn export(&self) -> String {
        let stream = export(&self.context(), None).await.expect("an export begins").batches();
        let chunks: Vec<bytes::Bytes> = stream.try_collect().await.expect("an export ends");
        String::from_utf8(chunks.concat()).expect("an export is UTF-8")
    }
}

on_both_databases! {
    async fn an_export_of_every_sample_imports_and_exports_to_the_same_bytes(operator: Operator) {
        for name in sample::ALL {
            operator.import(sample::text(name)).await;
            goes_round(&operator, name).await;
        }
    }

    async fn an_export_of_a_federation_imports_and_exports_to_the_same_bytes(operator: Operator) {
        for edition in 1..=2 {
            operator.import(Federation { communities: 3, members: 40, edition }.to_yaml()).await;
            goes_round(&operator, "a federation").await;
        }
    }
}

async fn goes_round(operator: &Operator, name: &str) {
    let exported = operator.export().await;
    for report in operator.import(exported.clone()).await {
        assert_eq!(report.unchanged, report.inserted, "{name}: {}", report.community_key);
        assert_ne!(report.inserted, Counts::default(), "{name}: {}", report.community_key);
    }
    assert_eq!(operator.export().await, exported, "{name}");
}
