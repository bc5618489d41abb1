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
        let stream = export(&self.context(), None).await.expect("an export begins").batches(None);
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

    async fn what_is_missing_is_not_what_is_empty(operator: Operator) {
        let points = [
            "{id: P1, type: consumption, active: true}",
            r#"{id: P2, type: consumption, description: "", address: "=", tariff: "=x", active: false}"#,
            r#"{id: P3, type: consumption, description: "\u0001", tariff: null, active: true, a: "\x1f"}"#,
        ];
        operator
            .import(format!(
                "community: {{id: rec, name: First, areas: {{n: {{name: North}}}}}}\n\
                 members: {{a: {{user_id: ann, name: Ann, type: \"\", role: consumer, area: n, status: active, \
                 delivery_points: [{}], assets: {{meter: {{m: {{name: =, sensor_id: =}}, o: {{name: O}}}}}}}}}}",
                points.join(", ")
            ))
            .await;
        let exported = operator.export().await;
        for line in [
            "    name: Ann\n    type: \"\"\n    role: consumer\n",
            "      - {id: P1, type: consumption, active: true}\n",
            "      - {id: P2, type: consumption, description: \"\", address: \"=\", tariff: \"=x\", active: false}\n",
            "      - {id: P3, type: consumption, description: \"\\u0001\", active: true, a: \"\\u001F\"}\n",
            "        m:\n          name: \"=\"\n          sensor_id: \"=\"\n        o:\n          name: O\n",
        ] {
            assert!(exported.contains(line), "{line} is missing in {exported}");
        }
        goes_round(&operator, "what is missing").await;
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
