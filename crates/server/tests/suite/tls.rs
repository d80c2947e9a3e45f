//! TLS: a renewed certificate is served to whoever comes next, without a restart; a broken one is not.

use crate::setup::Server;
use rustls::{ClientConfig, ClientConnection, RootCertStore, pki_types::CertificateDer};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tenure_server::serve::{Held, Tls, serve};

/// A certificate for this machine, and its key, in place of those that lie there.
fn put(tls: &Tls) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    put_whole(&tls.key, &made.signing_key.serialize_pem());
    put_whole(&tls.cert, &made.cert.pem());
    made.cert.der().clone()
}

/// As certbot does it: the new file takes the place of the old one.
fn put_whole(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, file).unwrap();
}

/// What `/healthz` answers, and the certificate that it was served under, of those that are believed.
fn ask(at: SocketAddr, believed: &[CertificateDer<'static>]) -> (String, CertificateDer<'static>) {
    let mut roots = RootCertStore::empty();
    for one in believed {
        roots.add(one.clone()).unwrap();
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = TcpStream::connect(at).unwrap();
    let mut answer = String::new();
    let mut both = rustls::Stream::new(&mut tls, &mut stream);
    both.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    both.read_to_string(&mut answer).unwrap();
    (
        answer,
        tls.peer_certificates().unwrap()[0].clone().into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls {
        cert: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    let first = put(&tls);
    let server = Server::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = listener.local_addr().unwrap();
    let handle = Held::new();
    let served = tokio::spawn(serve(
        server.house.clone(),
        listener,
        Some(tls.clone()),
        handle.clone(),
    ));
    handle.listening().await;
    let asked = move |believed: Vec<CertificateDer<'static>>| async move {
        tokio::task::spawn_blocking(move || ask(at, &believed))
            .await
            .unwrap()
    };
    let (answer, under) = asked(vec![first.clone()]).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(under, first);

    let until = async |wanted: &CertificateDer<'static>, others: &[CertificateDer<'static>]| {
        let deadline = Instant::now() + Duration::from_secs(60);
        let believed = [others, std::slice::from_ref(wanted)].concat();
        loop {
            // Whichever is served, there is no moment in which none is.
            let (answer, under) = asked(believed.clone()).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            if under == *wanted {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "the new certificate is not served"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let second = put(&tls);
    until(&second, std::slice::from_ref(&first)).await;
    // Broken, and then whole again: until that is served it has to be the second one.
    put_whole(&tls.cert, "no certificate");
    assert_eq!(asked(vec![second.clone()]).await.1, second);
    let third = put(&tls);
    until(&third, std::slice::from_ref(&second)).await;

    handle.graceful_shutdown(Some(Duration::from_secs(5)));
    served.await.unwrap().unwrap();
}
