//! The registry takes the tokens of a certified OpenID provider, whatever becomes of the provider and its keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::provider::Provider;
use super::support::server::Server;
use super::support::{TestDatabase, on_both_databases, sample};

/// How long the registry waits between two fetches of keys, at least, and a moment.
const BETWEEN_FETCHES: Duration = Duration::from_millis(10_200);

const LIST: &str = "/admin/communities";

async fn status(server: &Server, token: &str) -> u16 {
    server.get(LIST, token).send().await.expect("the registry answers").status().as_u16()
}

async fn json(server: &Server, path: &str, token: &str) -> Value {
    let answer = server.get(path, token).send().await.expect("the registry answers");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.json().await.expect("JSON")
}

/// Waits until a token is answered with this status.
async fn becomes(server: &Server, token: &str, expected: u16) {
    let since = Instant::now();
    while status(server, token).await != expected {
        assert!(since.elapsed() < BETWEEN_FETCHES * 2, "not {expected} in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

on_both_databases! {
    async fn tokens_of_services_and_of_users_are_taken_whatever_they_are_signed_with(database: TestDatabase) {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let server = Server::serve(database.directory(), &database.url, &provider).await;
        let imported = server.import(sample::text("aurora-highlands-v0.7.yaml")).send().await;
        assert!(imported.expect("the registry answers").status().is_success());
        for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
            let reader = provider.service_token(algorithm, "rec-registry.read").await;
            assert_eq!(json(&server, LIST, &reader).await["items"][0]["key"], "example_rec", "{algorithm}");
            let nobody = provider.user_token(algorithm, "nobody", "").await;
            let me = json(&server, "/user", &nobody).await;
            assert_eq!(me["profile"]["preferred_username"], "nobody", "{algorithm}: {me}");
            assert_eq!(status(&server, &nobody).await, 403, "{algorithm}");
            let local = provider.user_token(algorithm, "nobody", "rec-registry.read:example_rec").await;
            assert_eq!(status(&server, &local).await, 200, "{algorithm}");
        }
        // A service has no user name: it is nobody's member, whatever its subject is.
        let service = provider.service_token("RS256", "rec-registry.read").await;
        assert_eq!(json(&server, "/user", &service).await["membership"], Value::Null);
    }

    async fn keys_change_while_requests_run_and_none_of_them_fails(database: TestDatabase) {
        let Some(provider) = Provider::start(database.directory()).await else { return };
        let provider = Arc::new(provider);
        let server = Arc::new(Server::serve(database.directory(), &database.url, &provider).await);
        let old = provider.service_token("ES256", "rec-registry.read").await;
        assert_eq!(status(&server, &old).await, 200);

        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = ["RS256", "ES256", "EdDSA"].map(|algorithm| {
            let (server, provider) = (Arc::clone(&server), Arc::clone(&provider));
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let token = provider.service_token(algorithm, "rec-registry.read").await;
                    for _ in 0..5 {
                        assert_eq!(status(&server, &token).await, 200, "{algorithm}");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        }).into();
        // A provider publishes its next keys before it signs with them, and withdraws the old ones later.
        provider.publish(&["1", "2"]).await;
        tokio::time::sleep(BETWEEN_FETCHES).await;
        provider.publish(&["2", "1"]).await;
        becomes(&server, &provider.service_token("ES256", "rec-registry.read").await, 200).await;
        assert_eq!(status(&server, &old).await, 200);
        provider.publish(&["2"]).await;
        let visits = provider.visits().await;
        tokio::time::sleep(BETWEEN_FETCHES).await;
        stop.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.expect("no request with a good token fails");
        }
        assert!(answered.load(Ordering::Relaxed) > 50, "{answered:?}");

        // The old key is gone as soon as the keys are fetched again, which the first token of the next key brings about.
        provider.publish(&["3", "2"]).await;
        assert_eq!(status(&server, &provider.service_token("EdDSA", "rec-registry.read").await).await, 200);
        assert_eq!(status(&server, &old).await, 401);
        assert_eq!(provider.visits().await, visits + 1);
    }

    async fn a_provider_that_is_down_or_begins_anew_takes_nobody_with_it(database: TestDatabase) {
        let Some(mut provider) = Provider::start(database.directory()).await else { return };
        let server = Server::serve(database.directory(), &database.url, &provider).await;
        let used = provider.service_token("ES256", "rec-registry.read").await;
        let fresh = provider.service_token("RS256", "rec-registry.read").await;
        assert_eq!(status(&server, &used).await, 200);
        provider.publish(&["2", "1"]).await;
        let unknown = provider.service_token("RS256", "rec-registry.read").await;
        provider.stop();
        tokio::time::sleep(BETWEEN_FETCHES).await;

        // A token of a key that cannot be fetched is refused, soon; those of the last good keys are taken.
        let since = Instant::now();
        assert_eq!(status(&server, &unknown).await, 401);
        assert!(since.elapsed() < Duration::from_secs(6));
        for token in [&used, &fresh] {
            assert_eq!(status(&server, token).await, 200);
        }

        provider.restart().await;
        assert_eq!(status(&server, &used).await, 200);
        becomes(&server, &unknown, 200).await;
        let visits = provider.visits().await;
        for token in [&used, &fresh, &unknown] {
            assert_eq!(status(&server, token).await, 200);
        }
        assert_eq!(provider.visits().await, visits);
    }
}
