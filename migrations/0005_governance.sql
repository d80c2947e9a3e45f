-- What people state and sign: facts of keys, campaigns, requests for keys, comments, evidence.

-- What the worker last told of a granted exception: in_force, reaffirm_due, lapsed, reopened, expired.
ALTER TABLE exceptions ADD COLUMN told TEXT NOT NULL DEFAULT '';

-- One request per key waits at a time.
CREATE UNIQUE INDEX exceptions_one_waiting ON exceptions (key_id) WHERE state IN ('requested', 'approved');

CREATE TABLE stated_facts (
    key_id TEXT NOT NULL REFERENCES keys (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, name)
);

CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    due_on BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX reviews_due ON reviews (state, due_on);

CREATE TABLE review_items (
    review_id TEXT NOT NULL REFERENCES reviews (id),
    key_id TEXT NOT NULL REFERENCES keys (id),
    -- Who is asked, each on a line of its own, with a line end before the first and after the last.
    reviewers TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('confirmed', 'contradicted', 'unsure', 'unanswered')),
    answered_by TEXT,
    answered_at BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (review_id, key_id),
    CHECK ((answered_at IS NULL) = (outcome = 'unanswered')),
    CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
    -- Nobody answers who is not asked.
    CHECK (answered_by IS NULL OR REPLACE(reviewers, '
' || answered_by || '
', '') <> reviewers)
);

CREATE INDEX review_items_key ON review_items (key_id, answered_at);

CREATE TABLE key_requests (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    credential TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'denied', 'withdrawn')),
    level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 4),
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    owner TEXT NOT NULL,
    decided_by TEXT,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    CHECK ((state = 'requested') = (decided_by IS NULL)),
    -- Nobody approves what they ask for or will answer for; nobody but who asked withdraws it.
    CHECK (state <> 'approved' OR (decided_by <> requested_by AND decided_by <> owner)),
    CHECK (state <> 'withdrawn' OR decided_by = requested_by)
);

CREATE INDEX key_requests_state ON key_requests (state, requested_at);

CREATE TABLE comments (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('key', 'exception')),
    about TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    body TEXT NOT NULL CHECK (LENGTH(body) BETWEEN 1 AND 10000)
);

CREATE INDEX comments_about ON comments (kind, about, said_at);

CREATE TABLE attachments (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('key', 'exception')),
    about TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size BETWEEN 1 AND 5242880),
    sha256 TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    content BYTEA NOT NULL
);

CREATE INDEX attachments_about ON attachments (kind, about, added_at);
