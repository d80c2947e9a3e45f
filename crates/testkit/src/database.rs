//! A new, empty database for one test: a file of SQLite, or one of a PostgreSQL server that is started for the
//! tests of one process and ends with it.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Set to anything, a machine without PostgreSQL fails the tests in place of skipping them.
pub const REQUIRED: &str = "TENURE_TEST_POSTGRES";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// One database; a file goes with it.
pub enum Database {
    Sqlite { folder: tempfile::TempDir },
    Postgres { url: String },
}

impl Database {
    /// A new one. `None`, and said loudly, where this machine has no PostgreSQL.
    pub fn new(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(Self::Sqlite {
                folder: tempfile::tempdir().unwrap(),
            }),
            Engine::Postgres => server().map(|server| Self::Postgres {
                url: server.new_database(),
            }),
        }
    }

    /// The file of SQLite.
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { folder } => Some(folder.path().join("tenure.db")),
            Self::Postgres { .. } => None,
        }
    }

    /// The URL of PostgreSQL.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { url } => Some(url),
        }
    }
}

struct Server {
    socket: String,
    programs: PathBuf,
    made: AtomicU32,
    _child: Child,
    /// The server ends when this is closed: with the process, however that ends.
    _life: ChildStdin,
}

impl Server {
    fn new_database(&self) -> String {
        let name = format!("t{}", self.made.fetch_add(1, Ordering::Relaxed));
        let out = Command::new(self.programs.join("createdb"))
            .args(["-h", &self.socket, "-U", "tenure", &name])
            .output()
            .unwrap();
        assert!(out.status.success(), "createdb: {out:?}");
        format!("postgres://tenure@localhost/{name}?host={}", self.socket)
    }
}

/// Where `initdb` and `postgres` are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().join("bin"));
    on_path
        .into_iter()
        .chain(debian)
        // Through links, to where its other programs are.
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|initdb| Some(initdb.parent()?.to_owned()))
        .find(|folder| {
            ["postgres", "pg_isready", "createdb"]
                .iter()
                .all(|program| folder.join(program).exists())
        })
}

/// Makes a cluster in a new folder, serves it on a socket there, and ends when nobody holds its input any more.
const SCRIPT: &str = r#"
set -e
cd /
folder=$(mktemp -d /tmp/tenure-postgres.XXXXXX)
trap 'rm -rf "$folder"' EXIT
"$1/initdb" -D "$folder/data" -U tenure -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
"$1/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c max_connections=300 >>"$folder/log" 2>&1 </dev/null &
server=$!
until "$1/pg_isready" -q -h "$folder"; do
    kill -0 "$server" || { cat "$folder/log" >&2; exit 1; }
    sleep 0.05
done
echo "$folder"
cat >/dev/null || true
kill -QUIT "$server"
wait "$server" || true
"#;

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref()
}

fn start() -> Option<Server> {
    let Some(programs) = programs() else {
        let message = "PostgreSQL is not installed: its tests are SKIPPED (Debian: apt-get install postgresql)";
        assert!(std::env::var_os(REQUIRED).is_none(), "{message}");
        // Not by a macro, whose output a test runner keeps to itself.
        io::stderr()
            .write_all(format!("\n*** {message} ***\n\n").as_bytes())
            .unwrap();
        return None;
    };
    // The server refuses to run as root.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    let mut command = if is_root {
        let user = if Path::new("/var/lib/postgresql").exists() {
            "postgres"
        } else {
            "nobody"
        };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", "65534", "--clear-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    let mut child = command
        .args(["-c", SCRIPT, "sh"])
        .arg(&programs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut socket = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut socket)
        .unwrap();
    let socket = socket.trim().to_owned();
    assert!(!socket.is_empty(), "PostgreSQL does not start");
    Some(Server {
        socket,
        programs,
        made: AtomicU32::new(0),
        _life: child.stdin.take().unwrap(),
        _child: child,
    })
}
