use super::*;

/// A child that is a shell.
#[cfg(unix)]
fn shell(script: &str) -> Child {
    Child::of(PathBuf::from("/bin/sh"), ["-c", script])
}

#[cfg(unix)]
fn pages(child: &Child, bytes: &[u8]) -> (Vec<u32>, Result<(), String>) {
    let mut pages = Vec::new();
    let read = child.pdf(bytes, &mut |part| {
        if let Part::Page(number, _) = part {
            pages.push(number);
        }
    });
    (pages, read)
}

#[test]
#[cfg(unix)]
fn whatever_a_child_does_it_is_over_and_the_reason_is_known() {
    let fails = |child: &Child, words: &str| {
        let reason = pages(child, &vec![b'x'; 1 << 20]).1.unwrap_err();
        assert!(reason.contains(words), "{reason}");
    };
    let mut slow = shell("while :; do :; done");
    slow.wall = Duration::from_millis(300);
    fails(&slow, "took longer than");
    fails(&shell("kill -ABRT $$"), "more memory than it may");
    fails(&shell("kill -XCPU $$"), "processor time");
    fails(&shell("kill -SEGV $$"), "signal 11");
    fails(&shell("exit 0"), "ended in the middle");
    fails(
        &shell("printf 'q\\0\\0\\0\\0\\0\\0\\0\\0'; cat"),
        "no answer that is one",
    );
    // It says that four GiB come.
    fails(
        &shell("printf 'p\\0\\0\\0\\1\\377\\377\\377\\377'; cat /dev/zero"),
        "says more than 64 MiB",
    );
    fails(
        &Child::of(PathBuf::from("/nowhere/at/all"), [ARGUMENT]),
        "does not start",
    );
}

#[test]
#[cfg(unix)]
fn what_came_before_a_child_broke_counts() {
    let child = shell("printf 'p\\0\\0\\0\\7\\0\\0\\0\\2ab'; kill -SEGV $$");
    let (pages, read) = pages(&child, b"%PDF-");
    assert_eq!(pages, [7]);
    assert!(read.is_err());
}

#[test]
fn the_answer_of_a_child_is_read_as_it_was_written() {
    let mut out = Vec::new();
    read(&b"%PDF-1.4 nothing"[..], &mut out).unwrap();
    let (parts, end) = answer(out.as_slice());
    assert!(parts.is_empty());
    assert!(matches!(end, End::Said(reason) if reason.contains("no PDF")));
    let mut out = Vec::new();
    frame(&mut out, b'p', 3, b"text").unwrap();
    frame(&mut out, b'b', 4, b"").unwrap();
    frame(&mut out, b'z', 0, b"").unwrap();
    let (parts, end) = answer(out.as_slice());
    assert!(matches!(end, End::Whole));
    assert!(
        matches!(parts.as_slice(), [Part::Page(3, bytes), Part::Broken(4)] if bytes.as_slice() == b"text")
    );
}
