//! What can be set: every setting is a flag with an environment variable, its unit in its name or its
//! value. Secrets do not show when settings are printed.

mod auth;
mod database;
mod graphql;
mod http;
mod libpq;
mod record;
mod secret;
mod text;

pub use self::auth::{AuthArgs, closed};
pub use self::database::{DatabaseArgs, DatabaseUrl, PoolArgs};
pub use self::graphql::{GraphqlArgs, GraphqlLimits, Switch};
pub use self::http::{HttpArgs, HttpLimits, RateArgs};
pub use self::record::{AuditArgs, LogArgs, LogFormat};
pub use self::secret::{InFile, Secret};
pub use self::text::{duration, http_url};

/// One MiB, in bytes.
const MIB: usize = 1024 * 1024;
