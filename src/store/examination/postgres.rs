//! A PostgreSQL database. Everything is asked in the simple protocol, which a pooler lets through whatever it does with
//! prepared statements.

use std::str::FromStr as _;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use tokio::time::timeout;
use uuid::Uuid;

use super::{APPLIED, NoAnswer, OLDEST_AUDIT, PATIENCE, SchemaState, begun_at};
use crate::domain::timestamp::Timestamp;

/// How long a notification may take from one connection to the other.
const HEARING: Duration = Duration::from_secs(3);

/// What a PostgreSQL database is like, and what this role may do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresState {
    /// As in 160004.
    pub version_number: i32,
    /// As the server says it.
    pub version: String,
    /// The encoding of the database.
    pub encoding: String,
    /// Whether the role may do everything on the whole server.
    pub is_superuser: bool,
    /// Whether the server follows another one, and can only be read.
    pub follows_another: bool,
    /// Whether transactions only read unless they say otherwise.
    pub is_read_only: bool,
    /// Whether the role may make tables where its statements look for them.
    pub may_create: bool,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether the connection goes over no network.
    pub is_local: bool,
    /// Whether what is committed survives a crash.
    pub survives_crashes: bool,
    /// How many connections are there for this role in this database, in all.
    pub connections: i64,
    /// How many are open on the whole server.
    pub connections_in_use: i64,
    /// What time it is there, and the time here when that was asked and when it was answered.
    pub clock: Timestamp,
    /// The same instant by the clock of this machine.
    pub clock_here: Timestamp,
    /// Whether several clients share a connection between their transactions: there is a pooler.
    pub shares_connections: bool,
    /// Whether changes of other processes are heard.
    pub hearing: Hearing,
    /// Where the schema stands.
    pub schema: SchemaState,
    /// The tables that there are where this role's statements look for them.
    pub tables: Vec<String>,
    /// How many other connections this program has in this database: servers that run.
    pub servers: i64,
    /// When the oldest entries of the audit trail were written; none when there are none.
    pub oldest_audit_at: Option<Timestamp>,
}

/// Whether what one connection announces is heard on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearing {
    /// It is.
    Heard,
    /// It is not, though nobody objected.
    Lost,
    /// The server does not let one listen.
    Refused(String),
}

/// All that one statement can tell.
const FACTS: &str = "SELECT
    current_setting('server_version_num')::int4 AS version_number,
    current_setting('server_version') AS version,
    current_setting('server_encoding') AS encoding,
    role.rolsuper AS is_superuser,
    pg_is_in_recovery() AS follows_another,
    current_setting('default_transaction_read_only')::bool AS is_read_only,
    COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_encrypted,
    COALESCE(host(inet_server_addr()) IN ('127.0.0.1', '::1'), true) AS is_local,
    current_setting('fsync')::bool AND current_setting('full_page_writes')::bool
        AND current_setting('synchronous_commit') <> 'off' AS survives_crashes,
    LEAST(
        current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8
            - COALESCE(current_setting('reserved_connections', true), '0')::int8,
        CASE WHEN role.rolconnlimit < 0 THEN NULL ELSE role.rolconnlimit END,
        CASE WHEN own.datconnlimit < 0 THEN NULL ELSE own.datconnlimit END
    )::int8 AS connections,
    -- What kind of process it is is told of one's own alone.
    (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL) AS connections_in_use,
    (extract(epoch FROM clock_timestamp()) * 1000000)::int8 AS clock,
    to_regclass('seaql_migrations') IS NOT NULL AS has_migrations,
    ARRAY(SELECT relname::text FROM pg_class
        WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p')) AS tables,
    (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rec-registry') AS servers
FROM pg_roles AS role, pg_database AS own
WHERE role.rolname = current_user AND own.datname = current_database()";

const BACKEND: &str = "SELECT pg_backend_pid()";

/// Looks at a database.
///
/// # Errors
/// When it does not answer.
pub async fn postgres(url: &str) -> Result<PostgresState, NoAnswer> {
    let options =
        PgConnectOptions::from_str(url)?.application_name("rec-registry doctor").disable_statement_logging();
    let mut first = connect(&options).await?;
    let mut second = connect(&options).await?;
    let shares_connections = share_a_backend(&mut first, &mut second).await?;
    let asked_at = Timestamp::now();
    let facts = sqlx::raw_sql(FACTS).fetch_one(&mut first).await?;
    let answered_at = Timestamp::now();
    let has_migrations: bool = facts.try_get("has_migrations")?;
    let mut stored: Vec<String> = Vec::new();
    if has_migrations {
        for row in sqlx::raw_sql(APPLIED).fetch_all(&mut first).await? {
            stored.push(row.try_get(0)?);
        }
    }
    let schema = SchemaState::of(stored);
    let mut oldest_audit_at = None;
    if schema.is_current()
        && let Some(row) = sqlx::raw_sql(OLDEST_AUDIT).fetch_optional(&mut first).await?
    {
        oldest_audit_at = begun_at(row.try_get::<Uuid, _>(0)?);
    }
    let state = PostgresState {
        version_number: facts.try_get("version_number")?,
        version: facts.try_get("version")?,
        encoding: facts.try_get("encoding")?,
        is_superuser: facts.try_get("is_superuser")?,
        follows_another: facts.try_get("follows_another")?,
        is_read_only: facts.try_get("is_read_only")?,
        may_create: facts.try_get("may_create")?,
        is_encrypted: facts.try_get("is_encrypted")?,
        is_local: facts.try_get("is_local")?,
        survives_crashes: facts.try_get("survives_crashes")?,
        connections: facts.try_get("connections")?,
        connections_in_use: facts.try_get("connections_in_use")?,
        clock: Timestamp::from_micros(facts.try_get("clock")?),
        // Half of the way there and back.
        clock_here: Timestamp::from_micros(asked_at.as_micros().midpoint(answered_at.as_micros())),
        shares_connections,
        hearing: hearing(&options, &mut first).await,
        schema,
        tables: facts.try_get("tables")?,
        servers: facts.try_get("servers")?,
        oldest_audit_at,
    };
    // What they would say when they are closed does not matter any more.
    let _ = tokio::join!(first.close(), second.close());
    Ok(state)
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, NoAnswer> {
    Ok(timeout(PATIENCE, options.connect()).await.map_err(|_| NoAnswer::in_time())??)
}

/// Whether two connections come to the same process of the server, or one comes to two: then a pooler lends them for a
/// transaction at a time.
async fn share_a_backend(first: &mut PgConnection, second: &mut PgConnection) -> Result<bool, NoAnswer> {
    async fn backend(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
        sqlx::raw_sql(BACKEND).fetch_one(connection).await?.try_get(0)
    }
    let before = backend(first).await?;
    // A pooler that lends statement by statement knows no transactions.
    if second.execute("BEGIN").await.is_err() {
        return Ok(true);
    }
    let other = backend(second).await?;
    let after = backend(first).await?;
    second.execute("ROLLBACK").await?;
    Ok(before == other || before != after)
}

/// Announces something on one connection and listens on another, on a channel that nobody else knows.
async fn hearing(options: &PgConnectOptions, announcing: &mut PgConnection) -> Hearing {
    let channel = format!("rec_registry_doctor_{}", Uuid::now_v7().simple());
    let own = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    let pool = own.connect_lazy_with(options.clone());
    let listening = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.eager_reconnect(false);
        listener.listen(&channel).await?;
        announcing.execute(AssertSqlSafe(format!("NOTIFY {channel}"))).await?;
        Ok::<_, sqlx::Error>(timeout(HEARING, listener.try_recv()).await)
    };
    let heard = listening.await;
    pool.close().await;
    match heard {
        Ok(Ok(Ok(Some(_)))) => Hearing::Heard,
        Ok(_) => Hearing::Lost,
        Err(error) => Hearing::Refused(error.to_string()),
    }
}
