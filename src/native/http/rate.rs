//! How often one remote address may ask: a token bucket each, few of them kept.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

/// Addresses that are told apart; when there are more, those that have not asked for long are forgotten.
const MAX_ADDRESSES: usize = 16_384;

/// A rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// The buckets.
#[derive(Debug, Default)]
pub(super) struct Buckets(Mutex<BTreeMap<IpAddr, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    /// Whether this address may ask now; else the seconds after which it may.
    pub(super) fn take(&self, rate: Rate, from: IpAddr, now: Instant) -> Result<(), u32> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = network_of(from);
        if buckets.len() >= MAX_ADDRESSES && !buckets.contains_key(&from) {
            buckets.retain(|_, bucket| bucket.level(rate, now) < f64::from(rate.burst));
            if buckets.len() >= MAX_ADDRESSES {
                return Err(1);
            }
        }
        let full = Bucket { tokens: f64::from(rate.burst), at: now };
        let bucket = buckets.entry(from).or_insert(full);
        *bucket = Bucket { tokens: bucket.level(rate, now), at: now };
        if bucket.tokens < 1.0 {
            let wait = (1.0 - bucket.tokens) / f64::from(rate.per_second.max(1));
            return Err(wait.ceil() as u32);
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn level(&self, rate: Rate, now: Instant) -> f64 {
        let refilled = now.saturating_duration_since(self.at).as_secs_f64() * f64::from(rate.per_second);
        (self.tokens + refilled).min(f64::from(rate.burst))
    }
}

/// One customer of a provider has a whole /64 of IPv6.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_then_as_fast_as_it_refills_each_address_alone() {
        let (buckets, rate, now) = (Buckets::default(), Rate { per_second: 2, burst: 3 }, Instant::now());
        let ask = |from: &str, at: u64| {
            buckets.take(rate, from.parse().expect("an address"), now + Duration::from_millis(at))
        };
        for _ in 0..3 {
            assert_eq!(ask("10.0.0.1", 0), Ok(()));
        }
        assert_eq!(ask("10.0.0.1", 0), Err(1));
        assert_eq!(ask("::ffff:10.0.0.1", 499), Err(1), "the same address in another form");
        assert_eq!(ask("10.0.0.2", 0), Ok(()));
        assert_eq!(ask("10.0.0.1", 500), Ok(()));
        assert_eq!(ask("10.0.0.1", 500), Err(1));
        for _ in 0..3 {
            assert_eq!(ask("2001:db8::1", 0), Ok(()));
        }
        assert_eq!(ask("2001:db8::2", 0), Err(1), "of the same /64");
    }
}
