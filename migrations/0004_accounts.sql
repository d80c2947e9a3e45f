-- Who calls: accounts and how they sign in, sessions, tokens, set-up links, sign-ins under way, answers that may be
-- asked for again. Of every secret only the SHA-256 is kept.

CREATE TABLE accounts (
    person TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- The roles that are held, as JSON.
    roles TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    signed_in_at BIGINT,
    version BIGINT NOT NULL
);

CREATE INDEX accounts_email ON accounts (email);

-- Which identity of a provider an account belongs to: of each provider one at most.
CREATE TABLE logins (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES accounts (person),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (person, issuer)
);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES accounts (person),
    began BIGINT NOT NULL,
    method TEXT NOT NULL,
    proof_at BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    ended BIGINT
);

CREATE INDEX sessions_person ON sessions (person, began);
CREATE INDEX sessions_seen ON sessions (seen);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES accounts (person),
    name TEXT NOT NULL,
    -- What it may be used for, as JSON, and the unit.
    sorts TEXT NOT NULL,
    within_unit TEXT NOT NULL,
    made BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT,
    used BIGINT
);

CREATE INDEX tokens_person ON tokens (person, made);

-- For nobody in particular: the first administrator comes in by it.
CREATE TABLE setup_links (
    hash TEXT NOT NULL PRIMARY KEY,
    person TEXT REFERENCES accounts (person),
    made BIGINT NOT NULL,
    used BIGINT
);

-- By the hash of their state, and sealed with a key that is not in the database.
CREATE TABLE sign_ins (
    state_hash TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    began BIGINT NOT NULL
);

CREATE INDEX sign_ins_began ON sign_ins (began);

-- What a call with an idempotency key was answered; status 0 while it is under way.
CREATE TABLE answers (
    caller TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request TEXT NOT NULL,
    status BIGINT NOT NULL,
    media TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (caller, idempotency_key)
);

CREATE INDEX answers_at ON answers (at);

-- Names of the people list are found in any case.
CREATE INDEX people_lower ON people (LOWER(id));
