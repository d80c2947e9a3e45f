//! Running it: listening, sealing the log now and then, stopping when it is told to.

use crate::{House, router::router};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
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
    let changed = || {
        let at = |file: &PathBuf| {
            std::fs::metadata(file)
                .and_then(|about| about.modified())
                .ok()
        };
        (at(&tls.cert), at(&tls.key))
    };
    let mut last = changed();
    let mut clock = tokio::time::interval(RENEW);
    loop {
        clock.tick().await;
        let now = changed();
        if now == last {
            continue;
        }
        last = now;
        match config.reload_from_pem_file(&tls.cert, &tls.key).await {
            Ok(()) => tracing::info!("the certificate was renewed"),
            Err(error) => tracing::error!(%error, "the new certificate cannot be used"),
        }
    }
}

/// Signs the log and tidies up, now and then.
async fn keep(house: House) {
    let mut clock = tokio::time::interval(EVERY);
    let mut last = 0;
    loop {
        clock.tick().await;
        house.limiter.forget();
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
