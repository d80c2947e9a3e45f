//! How often somebody may call: per address before anybody is known, per caller after.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use std::{net::IpAddr, num::NonZeroU32};

/// How often callers may call, in calls a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// From one address, whoever calls.
    pub address: NonZeroU32,
    /// By one account.
    pub caller: NonZeroU32,
    /// Attempts to get in from one address.
    pub sign_in: NonZeroU32,
}

const fn per_minute(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            address: per_minute(6_000),
            caller: per_minute(1_200),
            sign_in: per_minute(60),
        }
    }
}

/// Counts calls.
pub(crate) struct Limiter {
    address: DefaultKeyedRateLimiter<IpAddr>,
    caller: DefaultKeyedRateLimiter<String>,
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
}

/// Seconds until the next call is taken.
pub(crate) struct TooOften(pub(crate) u64);

/// The network that counts as one caller: of IPv6 the /64, since one customer has that whole.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        },
    }
}

impl Limiter {
    pub(crate) fn new(rates: &Rates) -> Self {
        Self {
            address: RateLimiter::keyed(Quota::per_minute(rates.address)),
            caller: RateLimiter::keyed(Quota::per_minute(rates.caller)),
            sign_in: RateLimiter::keyed(Quota::per_minute(rates.sign_in)),
        }
    }

    pub(crate) fn address(&self, from: IpAddr) -> Result<(), TooOften> {
        check(&self.address, &network(from))
    }

    pub(crate) fn sign_in(&self, from: IpAddr) -> Result<(), TooOften> {
        check(&self.sign_in, &network(from))
    }

    pub(crate) fn caller(&self, person: &str) -> Result<(), TooOften> {
        check(&self.caller, &person.to_owned())
    }

    /// Forgets who has not called for long, so that memory does not grow.
    pub(crate) fn forget(&self) {
        self.address.retain_recent();
        self.caller.retain_recent();
        self.sign_in.retain_recent();
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), TooOften> {
    limiter.check_key(key).map_err(|not_until| {
        let now = governor::clock::DefaultClock::default().now();
        TooOften(not_until.wait_time_from(now).as_secs().saturating_add(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_calls_and_others_have_theirs() {
        let few = per_minute(3);
        let limiter = Limiter::new(&Rates {
            address: few,
            caller: few,
            sign_in: few,
        });
        let at: IpAddr = "2001:db8::1".parse().unwrap();
        let beside: IpAddr = "2001:db8::ffff".parse().unwrap();
        let other: IpAddr = "2001:db9::1".parse().unwrap();
        for _ in 0..3 {
            assert!(limiter.address(at).is_ok());
        }
        assert!(limiter.address(beside).is_err_and(|wait| wait.0 >= 1));
        assert!(limiter.address(other).is_ok());
        assert!(limiter.caller("ann").is_ok());
    }
}
