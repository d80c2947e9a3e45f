-- The log: one row per event, the hashes of whole subtrees of 256 events and more, and the head.
-- One text for SQLite and PostgreSQL: times are microseconds since 1970 as BIGINT, days are days since 1970,
-- ids and JSON are TEXT, booleans are BIGINT 0 or 1.

CREATE TABLE events (
    log_index BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    denied BIGINT NOT NULL CHECK (denied IN (0, 1)),
    body TEXT NOT NULL,
    leaf TEXT NOT NULL
);

CREATE INDEX events_about ON events (about, log_index);
CREATE INDEX events_who ON events (who, log_index);
CREATE INDEX events_what ON events (what, log_index);

CREATE TABLE log_nodes (
    level BIGINT NOT NULL,
    node_index BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (level, node_index)
);

CREATE TABLE log_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    size BIGINT NOT NULL,
    root TEXT NOT NULL,
    frontier TEXT NOT NULL
);
