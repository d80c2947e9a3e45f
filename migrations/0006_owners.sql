-- Owners: containers and their rules, where each key stands, questions to people.

-- A rule says who answers for every key in an account, a repository or a path, and in which business unit it lies.
CREATE TABLE containers (
    kind TEXT NOT NULL CHECK (kind IN ('account', 'repository', 'path')),
    place TEXT NOT NULL,
    -- What lies below it is in it too.
    within BIGINT NOT NULL CHECK (within IN (0, 1)),
    owner TEXT,
    backup TEXT,
    unit TEXT,
    said_by TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (kind, place, within),
    CHECK (owner IS NOT NULL OR unit IS NOT NULL),
    CHECK (owner IS NOT NULL OR backup IS NULL)
);

-- Where a key lies: what containers are compared with.
CREATE TABLE key_places (
    key_id TEXT NOT NULL REFERENCES keys (id),
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (key_id, kind, place)
);

CREATE INDEX key_places_place ON key_places (kind, place, key_id);

-- Who answers for a key, by every id that they may sign in with.
CREATE TABLE key_people (
    key_id TEXT NOT NULL REFERENCES keys (id),
    person TEXT NOT NULL,
    PRIMARY KEY (key_id, person)
);

CREATE INDEX key_people_person ON key_people (person, key_id);

-- What was last written of both, so that what did not change is not written again.
CREATE TABLE key_standing (
    key_id TEXT NOT NULL PRIMARY KEY REFERENCES keys (id),
    unit TEXT NOT NULL,
    digest TEXT NOT NULL
);

ALTER TABLE key_list ADD COLUMN unit TEXT NOT NULL DEFAULT '*';

CREATE INDEX key_list_unit ON key_list (unit, due, id);

INSERT INTO key_facets (facet, value, n) SELECT 'unit', '*', COUNT(*) FROM key_list WHERE gone = 0;

-- One question to a person, about all keys that they may answer for.
CREATE TABLE asks (
    id TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    sent_by TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    reminders BIGINT NOT NULL,
    reminded_at BIGINT,
    escalated_to TEXT,
    escalated_at BIGINT,
    version BIGINT NOT NULL
);

CREATE UNIQUE INDEX asks_one_open ON asks (person) WHERE state = 'open';
CREATE INDEX asks_state ON asks (state, sent_at);

CREATE TABLE asked_keys (
    ask TEXT NOT NULL REFERENCES asks (id),
    key_id TEXT NOT NULL REFERENCES keys (id),
    why TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    answer TEXT CHECK (answer IN ('mine', 'not_mine', 'can_be_turned_off')),
    -- Whom to ask in their place.
    next TEXT,
    answered_by TEXT,
    answered_at BIGINT,
    PRIMARY KEY (ask, key_id),
    CHECK ((answer IS NULL) = (answered_by IS NULL)),
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CHECK (next IS NULL OR answer = 'not_mine')
);

CREATE INDEX asked_keys_key ON asked_keys (key_id, answered_at);

-- The latest slot of each recurring piece of work that was put in line, by whichever replica came first.
CREATE TABLE ticks (
    kind TEXT NOT NULL PRIMARY KEY,
    slot BIGINT NOT NULL
);
