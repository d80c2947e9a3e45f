-- What is done about it: the list page, exceptions, jobs.

CREATE TABLE key_list (
    id TEXT NOT NULL PRIMARY KEY REFERENCES keys (id),
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    provider TEXT NOT NULL,
    credential TEXT NOT NULL,
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    owner_basis TEXT NOT NULL,
    system TEXT NOT NULL,
    verdict TEXT NOT NULL,
    rank BIGINT NOT NULL,
    level BIGINT NOT NULL,
    urgency TEXT NOT NULL,
    due BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    created BIGINT NOT NULL,
    copies BIGINT NOT NULL,
    gone BIGINT NOT NULL CHECK (gone IN (0, 1)),
    exception TEXT NOT NULL,
    search TEXT NOT NULL
);

CREATE INDEX key_list_rank ON key_list (rank, id);
CREATE INDEX key_list_level ON key_list (level DESC, id);
CREATE INDEX key_list_due ON key_list (due, id);
CREATE INDEX key_list_name ON key_list (name, id);
CREATE INDEX key_list_used ON key_list (last_used, id);
CREATE INDEX key_list_created ON key_list (created, id);
CREATE INDEX key_list_provider ON key_list (provider, due, id);
CREATE INDEX key_list_owner ON key_list (owner, due, id);
CREATE INDEX key_list_system ON key_list (system, due, id);
CREATE INDEX key_list_account ON key_list (account, due, id);
CREATE INDEX key_list_verdict ON key_list (verdict, due, id);
CREATE INDEX key_list_urgency ON key_list (urgency, due, id);

CREATE TABLE key_facets (
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (facet, value)
);

CREATE TABLE exceptions (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('transitional', 'permanent', 'class')),
    key_id TEXT REFERENCES keys (id),
    selector TEXT,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'granted', 'denied', 'withdrawn', 'ended',
        'superseded')),
    level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 4),
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    -- Who requested, owns or uses the key, each on a line of its own, with a line end before the first and after the
    -- last.
    ties TEXT NOT NULL,
    approver TEXT,
    acceptor TEXT,
    -- The authority of the acceptor, and the one that is needed: 1 to 3.
    authority BIGINT,
    needs BIGINT NOT NULL CHECK (needs BETWEEN 1 AND 3),
    ends_on BIGINT,
    review_on BIGINT,
    supersedes TEXT REFERENCES exceptions (id),
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    -- Nobody approves or accepts what they request, own or use.
    CHECK (approver IS NULL OR approver <> requested_by),
    CHECK (acceptor IS NULL OR acceptor <> requested_by),
    CHECK (approver IS NULL OR REPLACE(ties, '
' || approver || '
', '') = ties),
    CHECK (acceptor IS NULL OR REPLACE(ties, '
' || acceptor || '
', '') = ties),
    -- From B3 approver and acceptor are two people, and an executive at least has to accept.
    CHECK (level < 3 OR approver IS NULL OR acceptor IS NULL OR approver <> acceptor),
    CHECK (level < 3 OR needs >= 2),
    CHECK (acceptor IS NULL OR (authority IS NOT NULL AND authority >= needs)),
    -- A class is one selector, capped at B1; every other exception is of one key.
    CHECK ((kind = 'class' AND key_id IS NULL AND selector IS NOT NULL AND level <= 1)
        OR (kind <> 'class' AND key_id IS NOT NULL)),
    -- Nothing is granted without two signatures, and a transitional one not without an end, a permanent one not
    -- without a review.
    CHECK (state <> 'approved' OR approver IS NOT NULL),
    CHECK (state <> 'granted' OR (approver IS NOT NULL AND acceptor IS NOT NULL)),
    CHECK (state <> 'granted' OR kind <> 'transitional' OR ends_on IS NOT NULL),
    CHECK (state <> 'granted' OR kind = 'transitional' OR review_on IS NOT NULL)
);

CREATE UNIQUE INDEX exceptions_one_granted ON exceptions (key_id) WHERE state = 'granted';
CREATE INDEX exceptions_ends ON exceptions (state, ends_on);
CREATE INDEX exceptions_key ON exceptions (key_id);

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'done', 'failed')),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    worker TEXT,
    lease BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    error TEXT,
    made_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE UNIQUE INDEX jobs_once ON jobs (kind, about) WHERE state = 'ready';
CREATE INDEX jobs_next ON jobs (state, due_at, id);
CREATE INDEX jobs_leases ON jobs (state, lease_until);
