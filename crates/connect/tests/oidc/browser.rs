//! As much of a browser as a sign-in needs: cookies, redirects followed by hand, forms filled in.

use http::Method;
use tenure_connect::http::{Answer, Client, Request};
use url::Url;
use zeroize::Zeroizing;

/// More pages than any sign-in has.
const MOST: usize = 20;

pub(crate) struct Browser {
    client: Client,
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// Where a sign-in led.
pub(crate) struct Came {
    pub(crate) back: Url,
    /// How often somebody had to say who they are.
    pub(crate) asked: usize,
}

impl Browser {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            cookies: Vec::new(),
        }
    }

    /// From an address to the one that begins with `end`, as `login`.
    pub(crate) fn go(&mut self, start: &Url, login: &str, end: &str) -> Came {
        let mut asked = 0;
        let back = self.walk(start, end, |page| {
            if value(page, "name=\"prompt\" value=\"") == "login" {
                asked += 1;
                format!("prompt=login&login={login}&password=any")
            } else {
                "prompt=consent".to_owned()
            }
        });
        Came { back, asked }
    }

    pub(crate) fn sign_out(&mut self, start: &Url, end: &str) -> Url {
        self.walk(start, end, |page| {
            format!("xsrf={}&logout=yes", value(page, "name=\"xsrf\" value=\""))
        })
    }

    fn walk(&mut self, start: &Url, end: &str, mut fill: impl FnMut(&str) -> String) -> Url {
        let mut url = start.clone();
        let mut form = None;
        for _ in 0..MOST {
            let answer = self.ask(&url, form.take());
            if let Some(location) = answer.headers.get("location") {
                url = url.join(location.to_str().unwrap()).unwrap();
                if url.as_str().starts_with(end) {
                    return url;
                }
                continue;
            }
            let page = String::from_utf8(answer.body.to_vec()).unwrap();
            assert_eq!(answer.status, 200, "{} {page}", url.path());
            form = Some(fill(&page));
            url = url.join(value(&page, "action=\"")).unwrap();
        }
        panic!("it leads nowhere: {}", url.path());
    }

    fn ask(&mut self, url: &Url, form: Option<String>) -> Answer {
        let fitting = self
            .cookies
            .iter()
            .filter(|cookie| url.path().starts_with(&cookie.path));
        let cookies: Vec<String> = fitting
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        let mut headers = vec![("Cookie".to_owned(), Zeroizing::new(cookies.join("; ")))];
        if form.is_some() {
            let kind = "application/x-www-form-urlencoded".to_owned();
            headers.push(("Content-Type".to_owned(), Zeroizing::new(kind)));
        }
        let answer = self
            .client
            .send(&Request {
                method: if form.is_some() {
                    Method::POST
                } else {
                    Method::GET
                },
                url: url.clone(),
                headers,
                body: form.map(|form| Zeroizing::new(form.into_bytes())),
            })
            .unwrap();
        for set in answer.headers.get_all("set-cookie") {
            self.keep(set.to_str().unwrap());
        }
        answer
    }

    fn keep(&mut self, set: &str) {
        let mut parts = set.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts
            .find_map(|part| part.strip_prefix("path="))
            .unwrap_or("/");
        self.cookies
            .retain(|cookie| cookie.name != name || cookie.path != path);
        if !value.is_empty() {
            self.cookies.push(Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                path: path.to_owned(),
            });
        }
    }
}

/// What stands after `before` up to the next quote.
fn value<'p>(page: &'p str, before: &str) -> &'p str {
    let (_, rest) = page
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split_once('"').unwrap().0
}
