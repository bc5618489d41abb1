//! The same database in the words of PostgreSQL's own programs.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::DatabaseUrl;

/// What a URL may say behind its question mark, and the environment variable that says it.
const OPTIONS: &[(&[&str], &str)] = &[
    (&["host", "hostaddr"], "PGHOST"),
    (&["port"], "PGPORT"),
    (&["user"], "PGUSER"),
    (&["password"], "PGPASSWORD"),
    (&["dbname"], "PGDATABASE"),
    (&["sslmode", "ssl-mode"], "PGSSLMODE"),
    (&["sslrootcert", "ssl-root-cert", "ssl-ca"], "PGSSLROOTCERT"),
    (&["sslcert", "ssl-cert"], "PGSSLCERT"),
    (&["sslkey", "ssl-key"], "PGSSLKEY"),
    (&["options"], "PGOPTIONS"),
];

impl DatabaseUrl {
    /// The environment in which `pg_dump` and `pg_restore` reach the database; none of SQLite. A command line would show
    /// the password to everybody on the machine.
    #[must_use]
    pub fn libpq_environment(&self) -> Vec<(&'static str, String)> {
        let Ok(url) = Url::parse(self.expose()) else { return Vec::new() };
        if url.scheme() == "sqlite" {
            return Vec::new();
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let given = [
            ("PGHOST", url.host_str().map(|host| decoded(host.trim_matches(['[', ']'])))),
            ("PGPORT", url.port().map(|port| port.to_string())),
            ("PGUSER", Some(decoded(url.username()))),
            ("PGPASSWORD", url.password().map(decoded)),
            ("PGDATABASE", Some(decoded(url.path().trim_start_matches('/')))),
        ];
        let mut environment: Vec<_> = given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
            .collect();
        for (key, value) in url.query_pairs() {
            if let Some((_, name)) = OPTIONS.iter().find(|(keys, _)| keys.contains(&key.as_ref())) {
                environment.retain(|(given, _)| given != name);
                environment.push((*name, value.into_owned()));
            }
        }
        environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(url: &str) -> Vec<(&'static str, String)> {
        let mut environment = url.parse::<DatabaseUrl>().expect("a database URL").libpq_environment();
        environment.sort();
        environment
    }

    #[test]
    fn every_part_of_a_url_has_its_variable() {
        let owned = |given: &[(&'static str, &str)]| {
            given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(
            environment("postgres://us%40er:p%2Fw@db.example.org:5433/reg%20istry?sslmode=verify-full"),
            owned(&[
                ("PGDATABASE", "reg istry"),
                ("PGHOST", "db.example.org"),
                ("PGPASSWORD", "p/w"),
                ("PGPORT", "5433"),
                ("PGSSLMODE", "verify-full"),
                ("PGUSER", "us@er"),
            ])
        );
        // What stands behind the question mark wins, as it does where the registry connects.
        assert_eq!(
            environment("postgresql://localhost/a?host=/run/pg&user=u&dbname=b&statement-cache-capacity=5"),
            owned(&[("PGDATABASE", "b"), ("PGHOST", "/run/pg"), ("PGUSER", "u")])
        );
        assert_eq!(environment("postgres://[::1]/a"), owned(&[("PGDATABASE", "a"), ("PGHOST", "::1")]));
        assert!(environment("sqlite://registry.db").is_empty());
    }
}
