-- What is known: sources and their records, keys, facts, decisions, controls, people, systems.

CREATE TABLE sources (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    hash TEXT,
    complete BIGINT NOT NULL CHECK (complete IN (0, 1)),
    imported_at BIGINT,
    run TEXT,
    UNIQUE (kind, name, account)
);

CREATE TABLE coverage (
    source TEXT NOT NULL REFERENCES sources (id),
    part TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    row_count BIGINT,
    hash TEXT,
    PRIMARY KEY (source, part)
);

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    source TEXT REFERENCES sources (id),
    hash TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'abandoned')),
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    records BIGINT NOT NULL,
    counts TEXT NOT NULL,
    error TEXT
);

CREATE INDEX runs_begun ON runs (begun_at);
CREATE UNIQUE INDEX runs_one_import ON runs (source) WHERE state = 'running' AND kind = 'import';

CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    credential TEXT,
    provider_id TEXT,
    added_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE key_aliases (
    alias TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES keys (id)
);

CREATE INDEX key_aliases_key ON key_aliases (key_id);

CREATE TABLE joined_keys (
    old_id TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES keys (id),
    at BIGINT NOT NULL
);

-- What sources say: one row per record of a source, and one per copy that was seen.
CREATE TABLE source_rows (
    source TEXT NOT NULL REFERENCES sources (id),
    identity TEXT NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    key_id TEXT REFERENCES keys (id),
    first_seen BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    gone_at BIGINT,
    run TEXT NOT NULL,
    PRIMARY KEY (source, identity)
);

CREATE INDEX source_rows_key ON source_rows (key_id);

CREATE TABLE sightings (
    source TEXT NOT NULL REFERENCES sources (id),
    identity TEXT NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    key_id TEXT REFERENCES keys (id),
    first_seen BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    gone_at BIGINT,
    run TEXT NOT NULL,
    PRIMARY KEY (source, identity)
);

CREATE INDEX sightings_key ON sightings (key_id);

-- What tells which key a record is of: its id at the provider, its fingerprint.
CREATE TABLE record_aliases (
    alias TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (alias, kind, source, identity)
);

CREATE INDEX record_aliases_record ON record_aliases (source, identity);

CREATE TABLE facts (
    key_id TEXT NOT NULL REFERENCES keys (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    basis TEXT NOT NULL,
    source TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (key_id, name, until)
);

CREATE TABLE decisions (
    key_id TEXT NOT NULL REFERENCES keys (id),
    at BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    level TEXT NOT NULL,
    due BIGINT,
    facts_digest TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (key_id, at)
);

-- Since when a finding has stood: it is written once, moves earlier and never later.
CREATE TABLE findings (
    key_id TEXT NOT NULL REFERENCES keys (id),
    verdict TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (key_id, verdict)
);

CREATE TABLE controls (
    key_id TEXT NOT NULL REFERENCES keys (id),
    control TEXT NOT NULL,
    state TEXT NOT NULL,
    since BIGINT,
    why TEXT NOT NULL,
    PRIMARY KEY (key_id, control)
);

CREATE INDEX controls_state ON controls (control, state);

CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    gone_at BIGINT
);

CREATE INDEX people_email ON people (email);

CREATE TABLE owners (
    key_id TEXT NOT NULL PRIMARY KEY REFERENCES keys (id),
    owner TEXT NOT NULL,
    backup TEXT,
    assigned_by TEXT NOT NULL,
    assigned_at BIGINT NOT NULL
);

CREATE INDEX owners_owner ON owners (owner);

CREATE TABLE declarations (
    kind TEXT NOT NULL CHECK (kind IN ('system', 'integration', 'vendor')),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    source TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (kind, id)
);

CREATE TABLE policies (
    digest TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    body TEXT NOT NULL,
    adopted_at BIGINT NOT NULL
);
