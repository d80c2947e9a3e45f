//! What is read in a process of its own: PDF, whose libraries break on hostile files. The program starts itself
//! again, gives the file by a pipe and takes the text by another; nothing is written to disk. The child bounds its
//! own memory and processor time before it reads a byte, the parent the wall time and the size of the answer.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::PathBuf,
    process::{Child as Process, Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tenure_scan::source::{
    opened::Apart,
    pdf::{self, Part},
};
use zeroize::Zeroizing;

/// The first argument of the child. No command of the program is called so.
pub const ARGUMENT: &str = "__read-pdf";

/// Bytes of memory that the child may have.
const MEMORY: u64 = 1 << 30;
/// Seconds of processor time that the child may have.
const PROCESSOR: u64 = 20;
/// How long the parent waits for all of it.
const WALL: Duration = Duration::from_secs(60);
/// Bytes that the child may answer.
const LONGEST_ANSWER: u64 = 64 << 20;
/// Bytes that the child takes.
const LONGEST_FILE: u64 = 128 << 20;

/// Starts the children.
#[derive(Debug, Clone)]
pub struct Child {
    program: PathBuf,
    arguments: Vec<OsString>,
    wall: Duration,
}

impl Child {
    /// This program again, which has to call [`child`] where its first argument is [`ARGUMENT`].
    ///
    /// # Errors
    /// Nobody says where this program is.
    pub fn itself() -> io::Result<Self> {
        Ok(Self::of(std::env::current_exe()?, [ARGUMENT]))
    }

    fn of<A: Into<OsString>>(program: PathBuf, arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            program,
            arguments: arguments.into_iter().map(Into::into).collect(),
            wall: WALL,
        }
    }
}

/// What ends a run of the child.
enum End {
    /// It said that this is all.
    Whole,
    /// It said why it cannot go on.
    Said(String),
    /// It stopped in the middle.
    Cut,
    /// It said something else than an answer.
    Garbled,
    /// Its answer is longer than is taken.
    TooLong,
}

impl Apart for Child {
    fn pdf(&self, bytes: &[u8], part: &mut dyn FnMut(Part)) -> Result<(), String> {
        let mut process = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            // The allocator of the program reserves 1 GiB of addresses at once by default, which would be all of it.
            .env("MIMALLOC_ARENA_RESERVE", "65536")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the process that reads PDF does not start: {error}"))?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (tell, told) = mpsc::channel();
        let mut parts = Vec::new();
        let answered = thread::scope(|scope| {
            scope.spawn(move || {
                // A child that goes away while it is fed is told from its answer.
                if let Some(mut stdin) = stdin {
                    let _ = stdin.write_all(bytes);
                }
            });
            scope.spawn(move || {
                let read = stdout.map_or((Vec::new(), End::Cut), answer);
                let _ = tell.send(read);
            });
            let answered = told.recv_timeout(self.wall);
            // Whatever it does, it is over: the pipes close, and both threads end.
            let _ = process.kill();
            answered
        });
        let status = ended(&mut process);
        let end = match answered {
            Err(_) => {
                return Err(format!(
                    "reading it took longer than {} s",
                    self.wall.as_secs()
                ));
            }
            Ok((read, end)) => {
                parts.extend(read);
                end
            }
        };
        parts.into_iter().for_each(part);
        match end {
            End::Whole => Ok(()),
            End::Said(reason) => Err(reason),
            End::TooLong => Err(format!("it says more than {} MiB", LONGEST_ANSWER >> 20)),
            End::Garbled => Err("the process that read it gave no answer that is one".to_owned()),
            End::Cut => Err(why(status)),
        }
    }
}

fn ended(process: &mut Process) -> Option<ExitStatus> {
    process.wait().ok()
}

/// Why the child stopped in the middle.
fn why(status: Option<ExitStatus>) -> String {
    #[cfg(unix)]
    if let Some(signal) = status.and_then(|status| {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal()
    }) {
        const SIGABRT: i32 = 6;
        const SIGXCPU: i32 = 24;
        return match signal {
            SIGXCPU => format!("reading it took more than {PROCESSOR} s of processor time"),
            // So ends what gets no more memory, and what has no more stack.
            SIGABRT => format!(
                "reading it took more memory than it may ({} MiB), or more stack",
                MEMORY >> 20
            ),
            signal => format!("the process that read it was ended by signal {signal}"),
        };
    }
    let _ = status;
    "the process that read it ended in the middle".to_owned()
}

/// The answer of a child, as far as it came: frames of a letter, a number and a length, and then so many bytes.
fn answer(mut from: impl Read) -> (Vec<Part>, End) {
    let mut parts = Vec::new();
    let mut left = LONGEST_ANSWER;
    loop {
        let mut head = [0u8; 9];
        if from.read_exact(&mut head).is_err() {
            return (parts, End::Cut);
        }
        let [letter, n0, n1, n2, n3, l0, l1, l2, l3] = head;
        let number = u32::from_be_bytes([n0, n1, n2, n3]);
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let Some(rest) = left.checked_sub(length.saturating_add(9)) else {
            return (parts, End::TooLong);
        };
        left = rest;
        let mut bytes = Zeroizing::new(Vec::new());
        let got = (&mut from).take(length).read_to_end(&mut bytes);
        if !got.is_ok_and(|got| u64::try_from(got) == Ok(length)) {
            return (parts, End::Cut);
        }
        match letter {
            b'p' => parts.push(Part::Page(number, bytes)),
            b's' => parts.push(Part::Beside(bytes)),
            b'b' => parts.push(Part::Broken(number)),
            b'e' => {
                return (
                    parts,
                    End::Said(String::from_utf8_lossy(&bytes).into_owned()),
                );
            }
            b'z' => return (parts, End::Whole),
            _ => return (parts, End::Garbled),
        }
    }
}

fn frame(to: &mut impl Write, letter: u8, number: u32, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    to.write_all(&[letter])?;
    to.write_all(&number.to_be_bytes())?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(bytes)
}

/// What the child does: reads a PDF from standard input and answers on standard output.
#[must_use]
pub fn child() -> ExitCode {
    // What a panic says may quote the file.
    std::panic::set_hook(Box::new(|_| {}));
    if !bounded() {
        return ExitCode::FAILURE;
    }
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    match read(input, io::BufWriter::new(output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read(input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut bytes = Zeroizing::new(Vec::new());
    input.take(LONGEST_FILE).read_to_end(&mut bytes)?;
    let mut written = Ok(());
    let read = pdf::read(&bytes, &mut |part| {
        if written.is_err() {
            return;
        }
        // Each part leaves at once, so that what breaks later takes nothing of it away.
        written = match &part {
            Part::Page(number, bytes) => frame(&mut output, b'p', *number, bytes),
            Part::Beside(bytes) => frame(&mut output, b's', 0, bytes),
            Part::Broken(number) => frame(&mut output, b'b', *number, &[]),
        }
        .and_then(|()| output.flush());
    });
    written?;
    match read {
        Ok(()) => frame(&mut output, b'z', 0, &[])?,
        Err(reason) => frame(&mut output, b'e', 0, reason.as_bytes())?,
    }
    output.flush()
}

/// Bounds this process; false where that is refused.
#[cfg(unix)]
fn bounded() -> bool {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let bound = |resource: Resource, most: u64| {
        let most = getrlimit(resource)
            .maximum
            .map_or(most, |held| held.min(most));
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).is_ok()
    };
    // macOS has no limit of address space that holds; the others do there too.
    let memory = bound(Resource::As, MEMORY) || cfg!(target_vendor = "apple");
    memory
        && bound(Resource::Cpu, PROCESSOR)
        // No file is written, and no memory is left behind in one.
        && bound(Resource::Fsize, 0)
        && bound(Resource::Core, 0)
        && bound(Resource::Nofile, 16)
}

#[cfg(not(unix))]
fn bounded() -> bool {
    true
}

#[cfg(test)]
mod tests;
