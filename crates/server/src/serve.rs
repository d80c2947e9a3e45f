//! Running it: listening, sealing the log now and then, stopping when it is told to.

use crate::{House, Role, router::router};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use tenure_app::register::{Worker, run_worker};

pub use axum_server::Handle as Held;

/// How long calls that are under way get at the end.
const GRACE: Duration = Duration::from_secs(10);
/// How often the log is signed anew, and who has not called for long is forgotten.
const EVERY: Duration = Duration::from_secs(60);
/// How often it is looked whether the certificate was renewed.
const RENEW: Duration = Duration::from_secs(5);
/// How long the head of a call may take.
const HEAD: Duration = Duration::from_secs(15);

/// The certificate and key of a server, in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Serves at a listener that does not block until `handle` is told to end, and signs the log at last.
///
/// # Errors
/// The certificate cannot be read, or the log cannot be signed.
pub async fn serve(
    house: House,
    listener: TcpListener,
    tls: Option<Tls>,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let service = router(&house).into_make_service_with_connect_info::<SocketAddr>();
    let keeper = tokio::spawn(keep(house.clone()));
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let worker = tokio::spawn(work(house.clone(), stopped));
    let served = match tls {
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle);
            patient(server.http_builder());
            server.serve(service).await
        }
        Some(tls) => {
            // Another one that is installed already does as well.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let config = RustlsConfig::from_pem_file(&tls.cert, &tls.key).await?;
            let watcher = tokio::spawn(renew(config.clone(), tls));
            let mut server = axum_server::from_tcp_rustls(listener, config)?.handle(handle);
            patient(server.http_builder());
            let served = server.serve(service).await;
            watcher.abort();
            served
        }
    };
    keeper.abort();
    // What is under way is ended first, or becomes another worker's when its lease is over.
    let _ = stop.send(());
    let _ = tokio::time::timeout(GRACE, worker).await;
    let sealed = house.register().seal().await;
    house.register().close().await;
    served?;
    sealed.map_err(io::Error::other)
}

/// Works through the jobs of the register until it is told to stop.
async fn work(house: House, stopped: tokio::sync::oneshot::Receiver<()>) {
    if house.settings.role == Role::Api {
        return;
    }
    let name = format!(
        "serve-{}-{}",
        std::process::id(),
        house.register().now().micros()
    );
    let stop = async {
        // Dropped without a word is told to stop as well.
        let _ = stopped.await;
    };
    run_worker(house.register(), &Worker::new(&name), stop).await;
}

/// A head that never ends holds no connection.
fn patient(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEAD);
}

/// Takes a certificate that was renewed, without a restart. One that cannot be used leaves the one before in place.
async fn renew(config: RustlsConfig, tls: Tls) {
    let mut watch = Watch::of(tls);
    let mut clock = tokio::time::interval(RENEW);
    loop {
        clock.tick().await;
        match watch.look(&config).await {
            None => {}
            Some(Ok(())) => tracing::info!("the certificate was renewed"),
            Some(Err(error)) => tracing::error!(%error, "the new certificate cannot be used"),
        }
    }
}

/// Looks whether the files of a certificate changed.
struct Watch {
    tls: Tls,
    last: [Option<SystemTime>; 2],
}

impl Watch {
    fn of(tls: Tls) -> Self {
        let last = changed(&tls);
        Self { tls, last }
    }

    /// Takes what is there, where it changed since the last look.
    async fn look(&mut self, config: &RustlsConfig) -> Option<io::Result<()>> {
        let now = changed(&self.tls);
        if now == self.last {
            return None;
        }
        self.last = now;
        Some(
            config
                .reload_from_pem_file(&self.tls.cert, &self.tls.key)
                .await,
        )
    }
}

fn changed(tls: &Tls) -> [Option<SystemTime>; 2] {
    [&tls.cert, &tls.key].map(|file| {
        std::fs::metadata(file)
            .and_then(|about| about.modified())
            .ok()
    })
}

/// Signs the log and tidies up, now and then.
async fn keep(house: House) {
    let mut clock = tokio::time::interval(EVERY);
    let mut last = 0;
    loop {
        clock.tick().await;
        house.limiter.forget();
        if let Err(error) = house.register().tidy_first_link().await {
            tracing::error!(%error, "the file of the set-up link was not removed");
        }
        let size = house.register().store().head().await;
        let size = size.map_or(last, |head| head.tree.size());
        if size == last {
            continue;
        }
        match house.register().seal().await {
            Ok(()) => last = size,
            Err(error) => tracing::error!(%error, "the log was not signed"),
        }
    }
}

/// Ends a server when the system asks for it (SIGTERM, SIGINT): calls that are under way get ten seconds.
pub async fn until_told(handle: Handle<SocketAddr>) {
    told().await;
    tracing::info!("stopping");
    handle.graceful_shutdown(Some(GRACE));
}

#[cfg(unix)]
async fn told() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told() {
    let _ = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(tls: &Tls, cert: &str, key: &str) {
        std::fs::write(&tls.cert, cert).unwrap();
        std::fs::write(&tls.key, key).unwrap();
        // As if time had passed since the last one, whatever the clock of the files counts in.
        let at =
            SystemTime::now() + Duration::from_secs(u64::try_from(cert.len() + key.len()).unwrap());
        for file in [&tls.cert, &tls.key] {
            std::fs::File::options()
                .write(true)
                .open(file)
                .unwrap()
                .set_modified(at)
                .unwrap();
        }
    }

    #[tokio::test]
    async fn what_cannot_be_used_leaves_the_one_before() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let tls = Tls {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        let make = || {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let (cert, key) = make();
        write(&tls, &cert, &key);
        let config = RustlsConfig::from_pem_file(&tls.cert, &tls.key)
            .await
            .unwrap();
        let mut watch = Watch::of(tls.clone());
        assert!(watch.look(&config).await.is_none(), "nothing changed");
        let first = config.get_inner();
        for (cert, key) in [
            ("no certificate", key.as_str()),
            (cert.as_str(), &make().1),
            ("", ""),
        ] {
            write(&tls, cert, key);
            assert!(watch.look(&config).await.unwrap().is_err(), "{cert}");
            assert!(std::sync::Arc::ptr_eq(&first, &config.get_inner()));
            assert!(watch.look(&config).await.is_none(), "it is tried once");
        }
        std::fs::remove_file(&tls.cert).unwrap();
        assert!(watch.look(&config).await.unwrap().is_err());
        assert!(std::sync::Arc::ptr_eq(&first, &config.get_inner()));
        let (cert, key) = make();
        write(&tls, &format!("{cert}\n\n"), &key);
        assert!(watch.look(&config).await.unwrap().is_ok());
        assert!(!std::sync::Arc::ptr_eq(&first, &config.get_inner()));
    }
}
