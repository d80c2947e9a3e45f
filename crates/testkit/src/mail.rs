//! A mail server that writes down what it is told.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

/// A mail server (RFC 5321) that takes what `takes` lets it, and the lines that it heard.
pub fn server(takes: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    choosy(move |_| takes)
}

/// One that answers each `RCPT TO` line as it likes.
pub fn choosy(
    takes: impl Fn(&str) -> &'static str + Send + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = stream.write_all(b"220 test\r\n");
            let mut is_data = false;
            while let Some(Ok(line)) = lines.next() {
                kept.lock().unwrap().push(line.clone());
                let answer = match line.split(':').next().unwrap() {
                    "." if is_data => {
                        is_data = false;
                        "250 taken\r\n"
                    }
                    _ if is_data => continue,
                    "RCPT TO" => takes(&line),
                    "DATA" => {
                        is_data = true;
                        "354 go on\r\n"
                    }
                    "QUIT" => "221 bye\r\n",
                    _ => "250 good\r\n",
                };
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    (address, heard)
}
