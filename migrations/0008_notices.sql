-- What was told over which channel, so that nothing is told twice; and how the channels do. Texts of notices are not
-- kept.

CREATE TABLE told (
    channel TEXT NOT NULL,
    notice TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel, notice)
);

CREATE INDEX told_at ON told (at);

CREATE TABLE channels (
    name TEXT NOT NULL PRIMARY KEY,
    -- When something last arrived; 0 for never.
    arrived_at BIGINT NOT NULL DEFAULT 0,
    -- Since when nothing arrives; 0 where it does.
    failing_since BIGINT NOT NULL DEFAULT 0,
    -- It is dead until somebody mends it.
    dead BIGINT NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    why TEXT NOT NULL DEFAULT ''
);
