//! How often may somebody ask? Each limit is off until it is set, and counts in this process alone.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::lookup::MAX_LOOKUP_IDS;
use super::{Caller, Result};
use crate::domain::error::Error;

/// How often something may be asked: so many times a minute, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many a minute in the long run.
    pub per_minute: NonZeroU32,
    /// How many at once, after a while without any.
    pub burst: NonZeroU32,
}

impl FromStr for Rate {
    type Err = &'static str;

    /// Reads `PER_MINUTE` or `PER_MINUTE:BURST`; the burst is the requests of a minute when it is not said.
    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let number = |text: &str| {
            text.trim().parse().map_err(|_| "write it like 600 (a minute) or 600:50 (at most 50 at once)")
        };
        let (per_minute, burst) = text.split_once(':').unwrap_or((text, text));
        Ok(Self { per_minute: number(per_minute)?, burst: number(burst)? })
    }
}

/// How often each may ask; what is not set is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateSettings {
    /// Requests of one subject.
    pub per_subject: Option<Rate>,
    /// Requests from one address; an IPv6 address counts with its /64.
    pub per_address: Option<Rate>,
    /// Identifiers that one subject looks up.
    pub lookups: Option<Rate>,
}

/// Counts who asks how often.
#[derive(Default)]
pub struct Rates {
    per_subject: Option<Limiter<String>>,
    per_address: Option<Limiter<IpAddr>>,
    lookups: Option<Limiter<String>>,
}

impl Rates {
    /// Counters for these limits. A batch of lookups always fits the burst, since it could never be asked
    /// otherwise.
    #[must_use]
    pub fn new(settings: &RateSettings) -> Self {
        let batch = u32::try_from(MAX_LOOKUP_IDS).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
        let lookups = settings.lookups.map(|rate| Rate { burst: rate.burst.max(batch), ..rate });
        Self {
            per_subject: settings.per_subject.map(Limiter::new),
            per_address: settings.per_address.map(Limiter::new),
            lookups: lookups.map(Limiter::new),
        }
    }

    /// Counts a request of a caller; one who is not known is refused for that elsewhere.
    ///
    /// # Errors
    /// Asked too often.
    pub fn count_request(&self, caller: &Caller) -> Result<()> {
        match (&self.per_subject, caller) {
            (Some(limiter), Ok(principal)) => limiter.count(&principal.subject, 1),
            _ => Ok(()),
        }
    }

    /// Counts a request from an address.
    ///
    /// # Errors
    /// Asked too often.
    pub fn count_address(&self, address: IpAddr) -> Result<()> {
        match &self.per_address {
            Some(limiter) => limiter.count(&network(address), 1),
            None => Ok(()),
        }
    }

    /// Counts identifiers that a subject looks up.
    ///
    /// # Errors
    /// Asked too often.
    pub(super) fn count_lookups(&self, subject: &str, ids: usize) -> Result<()> {
        match &self.lookups {
            Some(limiter) => limiter.count(&subject.to_owned(), ids),
            None => Ok(()),
        }
    }
}

/// What an address counts as: whoever has one IPv6 address has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            const HOST: u128 = u64::MAX as u128;
            Ipv6Addr::from_bits(address.to_bits() & !HOST).into()
        }
        address => address,
    }
}

/// Most keys that are remembered. Beyond that all are forgotten: whoever has so many of them is not held
/// back by a limit for each, and memory is worth more.
const MAX_KEYS: usize = 100_000;

/// How often the keys that may ask freely again are forgotten.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// How many questions there are between two looks at the number of keys.
const TIDY_QUESTIONS: u32 = 1_000;

struct Limiter<K: Hash + Eq + Clone> {
    rate: Rate,
    buckets: ArcSwap<DefaultKeyedRateLimiter<K>>,
    /// When it was last tidied, and how many questions there were since.
    tidied: Mutex<(Instant, u32)>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let tidied = Mutex::new((Instant::now(), 0));
        Self { rate, buckets: ArcSwap::from_pointee(Self::buckets(rate)), tidied }
    }

    fn buckets(rate: Rate) -> DefaultKeyedRateLimiter<K> {
        RateLimiter::keyed(Quota::per_minute(rate.per_minute).allow_burst(rate.burst))
    }

    fn count(&self, key: &K, times: usize) -> Result<()> {
        self.tidy();
        let times = u32::try_from(times).unwrap_or(u32::MAX).clamp(1, self.rate.burst.get());
        let times = NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN);
        match self.buckets.load().check_key_n(key, times) {
            Ok(Err(refused)) => {
                Err(Error::RateLimited { retry_after: refused.wait_time_from(DefaultClock::default().now()) })
            }
            _ => Ok(()),
        }
    }

    fn tidy(&self) {
        // Whoever finds somebody at it already leaves it to them.
        let Ok(mut tidied) = self.tidied.try_lock() else { return };
        tidied.1 += 1;
        if tidied.1 < TIDY_QUESTIONS && tidied.0.elapsed() < TIDY_INTERVAL {
            return;
        }
        *tidied = (Instant::now(), 0);
        let buckets = self.buckets.load();
        buckets.retain_recent();
        buckets.shrink_to_fit();
        if buckets.len() > MAX_KEYS {
            tracing::warn!("too many ask at once to count them all: everybody is counted anew");
            self.buckets.store(Self::buckets(self.rate).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(rate: &str) -> Limiter<u32> {
        Limiter::new(rate.parse().unwrap())
    }

    #[test]
    fn a_rate_is_so_many_a_minute_and_so_many_at_once() {
        let rate = |text: &str| text.parse::<Rate>().map(|rate| (rate.per_minute.get(), rate.burst.get()));
        assert_eq!(rate("600"), Ok((600, 600)));
        assert_eq!(rate("600:50"), Ok((600, 50)));
        for wrong in ["", "0", "-1", "1:0", "60/s", "1:2:3", "many"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_back_and_nobody_else_is_held_up() {
        let limiter = limiter("60:3");
        for _ in 0..3 {
            limiter.count(&1, 1).unwrap();
        }
        let error = limiter.count(&1, 1).unwrap_err();
        assert_eq!(error.retry_after_seconds(), Some(1));
        assert!(limiter.count(&2, 3).is_ok());
        assert!(limiter.count(&2, 1).is_err());
    }

    #[test]
    fn what_counts_more_than_everything_at_once_takes_everything() {
        let limiter = limiter("60:3");
        assert!(limiter.count(&1, 500).is_ok());
        assert!(limiter.count(&1, 1).is_err());
    }

    #[test]
    fn keys_that_may_ask_freely_again_are_forgotten() {
        // A bucket of this rate is full again after a sixtieth of a millisecond.
        let limiter = limiter("4294967295:1");
        for key in 0..200_000 {
            limiter.count(&key, 1).unwrap();
        }
        let kept = limiter.buckets.load().len();
        assert!(kept <= MAX_KEYS, "{kept}");
        *limiter.tidied.lock().unwrap() = (Instant::now(), TIDY_QUESTIONS);
        std::thread::sleep(Duration::from_millis(5));
        limiter.count(&0, 1).unwrap();
        assert_eq!(limiter.buckets.load().len(), 1);
    }

    #[test]
    fn no_flood_of_keys_takes_memory_without_end() {
        let limiter = limiter("1:1");
        let most = MAX_KEYS + TIDY_QUESTIONS as usize;
        for key in 0..250_000 {
            limiter.count(&key, 1).unwrap();
            assert!(key % 10_000 != 0 || limiter.buckets.load().len() <= most);
        }
    }

    #[test]
    fn an_address_of_the_sixth_version_counts_with_its_network() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
