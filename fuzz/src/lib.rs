//! Fuzz targets for every parser of bytes that nobody vouches for.

pub mod targets;
