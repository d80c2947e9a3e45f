//! The binary `tenure`: parse, wire, dispatch, print. It decides nothing.

mod args;
mod command;
mod exit;
mod findings;
mod output;
mod progress;
mod table;
mod text;

use clap::Parser;
use std::process::ExitCode;

/// Keys are many small texts: at 100,000 of them the system's own allocator held 0.98 GB, this one 0.66 GB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // No command of the program, but what it starts itself to read what it does not trust its libraries with.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == tenure_app::apart::ARGUMENT)
    {
        return tenure_app::apart::child();
    }
    small_pages();
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::usage(&error),
    };
    match command::run(&args) {
        Ok(code) => code,
        Err(failure) => exit::failed(&failure),
    }
}

/// Memory comes in small pages: huge ones are cleared whole and used in part, and took twice the memory for no less time.
fn small_pages() {
    #[cfg(target_os = "linux")]
    // Where a kernel refuses, all works as well.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
