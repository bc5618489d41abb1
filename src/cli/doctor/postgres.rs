//! A PostgreSQL database, and what this role may do there.

use super::Doctor;
use super::diagnosis::Diagnosis;
use crate::service::deployment::{self, Hearing, NoAnswer, OLDEST_POSTGRES, PostgresState};

/// Connections of a process beside its pool: the one that listens.
const BESIDE_THE_POOL: i64 = 1;

/// How far clocks may be apart, in microseconds.
const NOTICED_MICROS: i64 = 10_000_000;

/// Looks at the database; nothing when it does not answer.
pub(super) async fn examine(doctor: &Doctor, found: &mut Diagnosis) -> Option<PostgresState> {
    let url = doctor.database.url();
    let state = match deployment::postgres(url.expose()).await {
        Ok(state) => state,
        Err(error) => {
            let code = error.code.as_ref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default();
            found.unknown("database", format!("{url} does not answer: {error}{code}"), how_to_reach(&error));
            return None;
        }
    };
    server(&state, found);
    role(&state, found);
    connections(&state, doctor.database.max_connections(), found);
    changes(&state, found);
    Some(state)
}

fn how_to_reach(error: &NoAnswer) -> &'static str {
    match error.code.as_deref() {
        Some("28P01" | "28000") => {
            "give the role of DATABASE_URL that password, and let pg_hba.conf admit it"
        }
        Some("3D000") => "make the database: createdb --owner=ROLE NAME",
        Some("53300") => "raise max_connections of the server, or let other programs take fewer",
        Some("57P03") => "it is starting, or stopping: try again",
        _ => {
            "are host, port and TLS of DATABASE_URL right, does PostgreSQL listen there, does a firewall admit it?"
        }
    }
}

fn server(state: &PostgresState, found: &mut Diagnosis) {
    let version = format!("PostgreSQL {} answers", state.version);
    if state.version_number / 10_000 < OLDEST_POSTGRES {
        found.error(
            "database",
            format!("{version}, and is older than {OLDEST_POSTGRES}, the oldest that is supported"),
            "upgrade it (pg_upgrade), or move the database to a newer server",
        );
    } else {
        found.ok("database", version);
    }
    if state.encoding != "UTF8" {
        found.error(
            "encoding",
            format!("the database is encoded in {}, which has not every name's letters", state.encoding),
            "make it anew: createdb --encoding=UTF8 --template=template0 NAME",
        );
    }
    if state.follows_another {
        found.error(
            "database_role",
            "the server follows another one, and cannot be written to",
            "set DATABASE_URL to the server that is followed",
        );
    }
    if !state.survives_crashes {
        found.warning(
            "durability",
            "a crash of the server loses what was committed: fsync, full_page_writes or synchronous_commit is off",
            "turn them on in postgresql.conf",
        );
    }
    let ahead = state.clock.as_micros() - state.clock_here.as_micros();
    if ahead.abs() > NOTICED_MICROS {
        found.warning(
            "database_clock",
            format!("the clock of the database's machine is {} s from this one's", ahead.abs() / 1_000_000),
            "let both machines keep their time by NTP (timedatectl, chronyc tracking)",
        );
    }
}

fn role(state: &PostgresState, found: &mut Diagnosis) {
    if state.is_superuser {
        found.warning(
            "database_role",
            "the role is a superuser, and may do everything on the whole server",
            "make one that owns this database alone: CREATE ROLE registry LOGIN PASSWORD '…'; \
             ALTER DATABASE … OWNER TO registry",
        );
    } else if state.may_create {
        found.ok("database_role", "the role may make tables, and is no superuser");
    } else if state.schema.applied > 0 && state.schema.is_current() {
        found.note(
            "database_role",
            "the role may not make tables, and needs none until the next version of this program",
            "let another role run rec-registry migrate up before that version serves",
        );
    } else {
        found.warning(
            "database_role",
            "the role may not make tables: migrations fail",
            "GRANT USAGE, CREATE ON SCHEMA public TO the role, or let another one migrate and serve with --no-migrate",
        );
    }
    if state.is_read_only {
        found.error(
            "database_role",
            "the transactions of the role only read",
            "ALTER ROLE … RESET default_transaction_read_only, and the same of the database",
        );
    }
    if state.is_encrypted {
        found.ok("database_encryption", "the connection is encrypted");
    } else if state.is_local {
        found.ok("database_encryption", "the connection goes over no network");
    } else {
        found.warning(
            "database_encryption",
            "the connection goes over a network without encryption",
            "turn `ssl` of the server on, and add ?sslmode=verify-full&sslrootcert=FILE to DATABASE_URL, the file being the \
             certificate of the authority: pg_dump looks for one",
        );
    }
}

fn connections(state: &PostgresState, pool: Option<u32>, found: &mut Diagnosis) {
    let own = i64::from(pool.unwrap_or_else(deployment::postgres_pool)) + BESIDE_THE_POOL;
    let PostgresState { connections, connections_in_use, .. } = state;
    let what = format!(
        "a process takes up to {own} connections, of {connections} that this role may have; {connections_in_use} are open"
    );
    if own > *connections {
        found.error(
            "connections",
            what,
            "set REC_REGISTRY_DATABASE_MAX_CONNECTIONS lower, or raise max_connections of the server, or the limit \
             of the role or of the database",
        );
    } else {
        found.ok("connections", format!("{what}: room for {} processes", connections / own));
    }
}

fn changes(state: &PostgresState, found: &mut Diagnosis) {
    if state.shares_connections {
        found.warning(
            "pooler",
            "a pooler lends connections for a transaction or a statement at a time: prepared statements may be \
             missing, and changes of other processes are not heard",
            "let the registry connect past it, or let it pool by session (pool_mode = session of PgBouncer)",
        );
    }
    let mend = "let the registry connect to the server itself: subscriptions and remembered answers need it";
    match &state.hearing {
        Hearing::Heard => found.ok("listen", "what one connection announces is heard on another"),
        Hearing::Lost => found.error("listen", "what one connection announces is not heard on another", mend),
        Hearing::Refused(said) => {
            found.error("listen", format!("the server does not let one listen: {said}"), mend);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timestamp::Timestamp;
    use crate::service::deployment::SchemaState;

    fn sound() -> PostgresState {
        PostgresState {
            version_number: 140_000,
            version: "14.0".to_owned(),
            encoding: "UTF8".to_owned(),
            is_superuser: false,
            follows_another: false,
            is_read_only: false,
            may_create: true,
            is_encrypted: true,
            is_local: false,
            survives_crashes: true,
            connections: 97,
            connections_in_use: 5,
            clock: Timestamp::default(),
            clock_here: Timestamp::default(),
            shares_connections: false,
            hearing: Hearing::Heard,
            schema: SchemaState::default(),
            tables: Vec::new(),
            servers: 0,
            oldest_audit_at: None,
        }
    }

    fn status(state: &PostgresState, pool: Option<u32>) -> u8 {
        let mut found = Diagnosis::default();
        server(state, &mut found);
        role(state, &mut found);
        connections(state, pool, &mut found);
        changes(state, &mut found);
        found.status()
    }

    #[test]
    fn each_thing_that_keeps_a_server_from_serving_is_found() {
        assert_eq!(status(&sound(), None), 0);
        for broken in [
            PostgresState { version_number: 130_014, ..sound() },
            PostgresState { encoding: "LATIN1".to_owned(), ..sound() },
            PostgresState { is_superuser: true, ..sound() },
            PostgresState { follows_another: true, ..sound() },
            PostgresState { is_read_only: true, ..sound() },
            PostgresState { may_create: false, ..sound() },
            PostgresState { is_encrypted: false, ..sound() },
            PostgresState { survives_crashes: false, ..sound() },
            PostgresState { connections: i64::from(deployment::postgres_pool()), ..sound() },
            PostgresState { clock: Timestamp::from_micros(60_000_000), ..sound() },
            PostgresState { shares_connections: true, ..sound() },
            PostgresState { hearing: Hearing::Lost, ..sound() },
            PostgresState { hearing: Hearing::Refused("no".to_owned()), ..sound() },
        ] {
            assert_eq!(status(&broken, None), 1, "{broken:?}");
        }
        assert_eq!((status(&sound(), Some(96)), status(&sound(), Some(97))), (0, 1));
    }

    #[test]
    fn what_goes_over_no_network_needs_no_encryption() {
        assert_eq!(status(&PostgresState { is_encrypted: false, is_local: true, ..sound() }, None), 0);
    }
}
