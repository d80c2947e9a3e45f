//! The HTTP API under `/api/v1/`: one file per noun.

pub(crate) mod accounts;
pub(crate) mod asks;
pub(crate) mod assessment;
pub(crate) mod catalogue;
pub(crate) mod channels;
pub(crate) mod containers;
pub(crate) mod exceptions;
pub(crate) mod imports;
pub(crate) mod keys;
pub(crate) mod log;
pub(crate) mod me;
pub(crate) mod owners;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod remarks;
pub(crate) mod requests;
pub(crate) mod reviews;
pub(crate) mod runs;
pub(crate) mod sources;
