//! What the HTTP interface is told.

use std::num::NonZeroU32;

use tokio::net::TcpListener;

use super::Options;
use crate::native::{
    Failure,
    http::{Rate, Settings},
};

/// Who may use it, and how often. Listening elsewhere than on this machine needs a token.
pub(super) fn settings(options: &Options) -> Result<Settings, Failure> {
    let (address, mut settings) = (options.http(), Settings::default());
    if !address.ip().is_loopback() && options.api_token.is_none() {
        return Err(Failure::Input(format!(
            "--http {address} can be reached from elsewhere: give an --api-token that requests must carry"
        )));
    }
    settings.hosts.extend(options.allow_host.iter().cloned());
    if !address.ip().is_unspecified() {
        settings.hosts.push(match address.ip() {
            std::net::IpAddr::V4(address) => address.to_string(),
            std::net::IpAddr::V6(address) => format!("[{address}]"),
        });
    }
    settings.token.clone_from(&options.api_token);
    if let Some(per_second) = options.rate_limit.map(NonZeroU32::get) {
        settings.rate = Some(Rate { per_second, burst: per_second.saturating_mul(4) });
        settings.rate_on_loopback = true;
    }
    settings.page = options.page();
    Ok(settings)
}

pub(super) async fn listen(options: &Options) -> Result<TcpListener, Failure> {
    let address = options.http();
    let failed = |error| Failure::Input(format!("--http {address}: {error}"));
    TcpListener::bind(address).await.map_err(failed)
}
