-- What has to be judged again: when a record or what people said of a key changed, in microseconds; 0 where the
-- judgement of its key is of what it says now.

ALTER TABLE source_rows ADD COLUMN stale_at BIGINT NOT NULL DEFAULT 1;
ALTER TABLE sightings ADD COLUMN stale_at BIGINT NOT NULL DEFAULT 1;
ALTER TABLE keys ADD COLUMN stale_at BIGINT NOT NULL DEFAULT 0;

CREATE INDEX source_rows_stale ON source_rows (source, identity) WHERE stale_at <> 0;
CREATE INDEX sightings_stale ON sightings (source, identity) WHERE stale_at <> 0;
CREATE INDEX keys_stale ON keys (id) WHERE stale_at <> 0;

-- What the source lists whole, as JSON: provider, credential, account.
ALTER TABLE sources ADD COLUMN listings TEXT NOT NULL DEFAULT '[]';

-- What every key was judged with: a digest of policy, catalogue, people, systems and the day.
CREATE TABLE judged_with (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    basis TEXT NOT NULL
);
