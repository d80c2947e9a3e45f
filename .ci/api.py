#!/usr/bin/env python3
"""Serves the example company on a fresh register, and holds the API against its document with schemathesis.

    api.py TENURE SCHEMATHESIS [ARGUMENTS OF `schemathesis run`...]

TENURE is the program. Everything lies in a folder that is gone afterwards. The exit code is that of schemathesis, and 1
where the run took itself the right to call, so that the rest of it tested nothing.
"""

import datetime
import http.client
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
VICTIM = "victim@northwind.example"

# The exports of the example: kind, and file below its folder.
EXPORTS = [
    ("people", "people.csv"),
    ("aws-credential-report", "aws/credential-report.csv"),
    ("aws-access-keys", "aws/access-keys.json"),
    ("github-fine-grained-pats", "github/fine-grained-pats-labs.json"),
    ("github-deploy-keys", "github/web/deploy-keys.json"),
    ("table", "keys.csv"),
]

# Schemathesis calls more often than any client.
SETTINGS = """[server]
calls_per_minute = { address = 1000000, caller = 1000000, sign_in = 1000 }
"""

WHY = {
    "bypassed": "no standing credential",
    "why": "the nightly job needs it",
    "blocker": "no federation before March",
    "compensating": ["one source address"],
}


OPTIONS = ["workload_identity_federation", "private_key_jwt_or_mtls", "oauth_client_secret", "vendor_short_lived", "gateway"]
ROLES = ["viewer", "key_owner", "analyst", "approver", "responder", "auditor", "administrator"]


class Server:
    """The program, at an address that it chose."""

    def __init__(self, tenure: str, folder: pathlib.Path):
        settings = folder / "tenure.toml"
        settings.write_text(SETTINGS)
        self.log = open(folder / "log", "w+")
        self.state = folder / "state"
        self.process = subprocess.Popen(
            [tenure, "serve", "--listen", "127.0.0.1:0", "--data-dir", self.state, "--settings", settings],
            stdout=self.log,
            stderr=subprocess.PIPE,
            text=True,
        )
        said: queue.Queue = queue.Queue()

        def listen():
            for line in self.process.stderr:
                self.log.write(line)
                said.put(line)
            said.put(None)

        threading.Thread(target=listen, daemon=True).start()
        self.url, link = None, None
        while self.url is None or link is None:
            line = said.get(timeout=60)
            if line is None:
                sys.exit(f"error: {tenure} serve ended with {self.process.wait()}")
            if found := re.match(r"Serving at (\S+?)/?$", line.strip()):
                self.url = found[1]
            if line.strip().startswith("/"):
                link = pathlib.Path(line.strip()).read_text().strip()
        self.host = urllib.parse.urlsplit(self.url).netloc
        self.secret = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["token"][0]

    def call(self, method: str, path: str, body=None, headers=None):
        """The status, the headers and the JSON of an answer."""
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        line = http.client.HTTPConnection(self.host, timeout=120)
        line.request(method, path, body, headers)
        answer = line.getresponse()
        text = answer.read()
        told = json.loads(text) if "json" in (answer.getheader("Content-Type") or "") else None
        line.close()
        return answer.status, answer.headers, told

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def done(what: str, answer):
    """The JSON of an answer that has to be a success."""
    status, _, told = answer
    if not 200 <= status < 300:
        sys.exit(f"error: {what}: {status} {told}")
    return told


def enter(server: Server, secret: str, email: str):
    """The session of who uses a set-up link, as headers, and who that is."""
    form = urllib.parse.urlencode({"token": secret, "email": email})
    page = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    headers = page | {"Content-Type": "application/x-www-form-urlencoded"}
    status, told, problem = server.call("POST", "/setup", form, headers)
    if status != 303:
        sys.exit(f"error: the set-up link was not taken: {status} {problem}")
    session = page | {"Cookie": told["Set-Cookie"].split(";")[0]}
    me = done("who calls", server.call("GET", "/api/v1/me", headers=session))
    return session | {"X-CSRF-Token": me["csrf"]}, me["person"]


def come_in(server: Server):
    """Somebody with every role, which the first administrator gives them, since nobody gives roles to themselves; and
    a token of theirs. Gives both."""
    first, _ = enter(server, server.secret, "ann@northwind.example")
    person = "tester@northwind.example"
    at = "/api/v1/accounts/" + urllib.parse.quote(person, safe="")
    roles = [{"role": role} for role in ROLES] + [{"role": "risk_owner", "authority": "governing_body"}]
    done("roles", server.call("PUT", at + "/roles", {"roles": roles}, first | {"If-Match": "*"}))
    link = done("a link", server.call("POST", at + "/setup-links", headers=first))["url"]
    secret = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["token"][0]
    session, person = enter(server, secret, person)
    wanted = {"name": "schemathesis", "sorts": ["read", "supply", "work", "administer"]}
    token = done("a token", server.call("POST", "/api/v1/me/tokens", wanted, session))
    # Somebody whose roles and sessions can be taken.
    at = "/api/v1/accounts/" + urllib.parse.quote(VICTIM, safe="")
    done("roles", server.call("PUT", at + "/roles", {"roles": [{"role": "viewer"}]}, first | {"If-Match": "*"}))
    return person, token


def fill(server: Server, tenure: str, folder: pathlib.Path, by: dict):
    """The example company, and one of everything that people do, so that there is something to be asked for."""
    files = folder / "northwind"
    subprocess.run([tenure, "demo", "--quiet", "--keep", files], check=True, stdout=subprocess.DEVNULL)
    for kind, file in EXPORTS:
        query = urllib.parse.urlencode({"kind": kind, "name": file})
        body = (files / file).read_bytes()
        headers = by | {"Content-Type": "application/octet-stream"}
        done(file, server.call("POST", f"/api/v1/imports?{query}", body, headers))
    keys = done("keys", server.call("GET", "/api/v1/keys?verdict=later&verdict=minor&limit=5", headers=by))
    soon = (datetime.date.today() + datetime.timedelta(days=20)).isoformat()
    for row in keys["items"][:3]:
        asked = {"key": row["id"], "until": soon, "reasons": WHY}
        done("an exception", server.call("POST", "/api/v1/exceptions", asked, by))
        done("a comment", server.call("POST", f"/api/v1/keys/{row['id']}/comments", {"text": "looked at"}, by))
    wish = {
        "provider": "stripe", "credential": "restricted_key", "purpose": "nightly export", "expires": soon,
        "owner": "emre.can@northwind.example", "consumers": ["server"], "facts": {"data": "confidential"},
        "why_not": {option: "the vendor takes keys alone" for option in OPTIONS},
    }
    for _ in range(3):
        done("a request", server.call("POST", "/api/v1/key-requests", wish, by))
    campaign = {"title": "autumn", "selector": "provider=aws", "due": "2030-01-01"}
    done("a campaign", server.call("POST", "/api/v1/reviews", campaign, by))
    done("questions", server.call("POST", "/api/v1/asks", {}, by))
    place = {"kind": "repository", "place": "northwind/shop", "owner": "ann@northwind.example"}
    done("a container", server.call("PUT", "/api/v1/containers", place, by))


def names(server: Server, by: dict, person: str):
    """What there is of each name that stands in a path, for half of the calls; the others make names up."""
    def ids(path: str, field="id"):
        return [str(one[field]) for one in done(path, server.call("GET", path, headers=by))["items"]]

    return {
        "key": ids("/api/v1/keys?limit=20"),
        "source": ids("/api/v1/sources"),
        "run": ids("/api/v1/runs"),
        "person": [VICTIM, person, *ids("/api/v1/people")[:5]],
        "exception": ids("/api/v1/exceptions"),
        "request": ids("/api/v1/key-requests"),
        "review": ids("/api/v1/reviews"),
        "ask": ids("/api/v1/asks"),
        "index": ["0", "1", "7"],
        "provider": ids("/api/v1/catalogue", "slug")[:20],
    }


def settings(known: dict) -> str:
    """The settings of schemathesis, with those names."""
    text = (HERE / "schemathesis.toml").read_text()
    for name, all in known.items():
        text += f"\n[dictionaries.{name}]\nvalues = {json.dumps(all)}\n"
    text += "\n[parameters]\n"
    for name in known:
        text += f'"path.{name}" = {{ dictionary = "{name}", probability = 0.5 }}\n'
    return text


def main():
    tenure, schemathesis, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(tenure, folder)
        try:
            person, token = come_in(server)
            by = {"Authorization": f"Bearer {token['text']}"}
            fill(server, tenure, folder, by)
            config = folder / "schemathesis.toml"
            config.write_text(settings(names(server, by, person)))
            ran = subprocess.run(
                [schemathesis, "--config-file", config, "run", f"{server.url}/openapi.json", *arguments],
                cwd=folder,
                env=os.environ | {
                    "SCHEMATHESIS_HOOKS": "hooks",
                    "TENURE_API_TOKEN": token["text"],
                    "TENURE_API_TOKEN_ID": token["id"],
                    "TENURE_API_PERSON": person,
                    "PYTHONPATH": str(HERE),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
            )
            status, _, _ = server.call("GET", "/api/v1/me", headers=by)
            if status != 200:
                print(f"error: at the end the token of the run is not taken any more: {status}", file=sys.stderr)
                sys.exit(1)
            sys.exit(ran.returncode)
        finally:
            server.stop()
            server.log.flush()
            if keep := os.environ.get("TENURE_API_LOG"):
                pathlib.Path(keep).write_text((folder / "log").read_text())


if __name__ == "__main__":
    main()
