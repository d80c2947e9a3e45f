//! One request of a channel.

use super::NotifyError;
use crate::http::{Client, Request};

/// Sends a request, and takes every status from 200 to 299 for an arrival.
pub(super) fn taken(client: &Client, request: &Request) -> Result<(), NotifyError> {
    let answer = client.send(request)?;
    match answer.status {
        200..=299 => Ok(()),
        status => Err(NotifyError::Refused {
            host: request.host(),
            status,
        }),
    }
}
