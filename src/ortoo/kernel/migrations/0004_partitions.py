"""PostgreSQL: filings and leaves in partitions by log index, the keys of filings beside them.

What stands in the tables now becomes the first partition, without copying a row. A partition can
hold a key once, the log as a whole cannot; so the keys stand in a table of their own, filled by the
database itself with every statement that adds filings. docs/decisions/006-partitions.md. SQLite,
which has no partitions, is left as it is.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import migrations
from django.utils import timezone

TABLES = ("kernel_filing", "kernel_leaf")
# Keys compare by code point: equality is all that is asked, and a Chinese collation costs more.
KEYS = """
CREATE TABLE kernel_filing_key (key varchar(80) COLLATE "C" PRIMARY KEY, seq bigint NOT NULL);
INSERT INTO kernel_filing_key (key, seq) SELECT key, seq FROM kernel_filing;
CREATE INDEX filing_key ON kernel_filing (key);

CREATE FUNCTION kernel_filing_note_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kernel_filing_key (key, seq) SELECT key, seq FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER filing_keys AFTER INSERT ON kernel_filing
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION kernel_filing_note_keys();

CREATE FUNCTION kernel_filing_forget_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE kernel_filing_key;
    RETURN NULL;
END $$;
CREATE TRIGGER filing_keys_gone AFTER TRUNCATE ON kernel_filing
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_filing_forget_keys();

CREATE FUNCTION kernel_filing_known(keys text[]) RETURNS SETOF kernel_filing
    LANGUAGE plpgsql STABLE AS $$
DECLARE found bigint;
BEGIN
    FOR found IN SELECT k.seq FROM kernel_filing_key k WHERE k.key = ANY(keys) LOOP
        RETURN QUERY SELECT * FROM kernel_filing f WHERE f.seq = found;
    END LOOP;
END $$;
"""


def partition(apps: Any, editor: Any) -> None:
    if editor.connection.vendor != "postgresql":
        return
    year = dt.datetime.now(timezone.get_default_timezone()).year
    with editor.connection.cursor() as cursor:
        for table in TABLES:
            _convert(cursor, table, f"{table}_{year}")
        cursor.execute(KEYS)


def _convert(cursor: Any, table: str, first: str) -> None:
    cursor.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary, k.conname"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')"
        " WHERE i.indrelid = %s::regclass ORDER BY c.relname",
        [table],
    )
    definitions = []
    for number, (name, definition, primary, constraint) in enumerate(cursor.fetchall()):
        if primary:
            cursor.execute(f'ALTER INDEX "{name}" RENAME TO "{first}_pkey"')
            definitions.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" PRIMARY KEY (seq)')
        elif constraint:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"')
        elif "varchar_pattern_ops" in definition:
            cursor.execute(f'DROP INDEX "{name}"')
        else:
            cursor.execute(f'ALTER INDEX "{name}" RENAME TO "{first}_{number}"')
            definitions.append(definition)
    cursor.execute(f"ALTER TABLE {table} RENAME TO {first}")
    cursor.execute(
        f"CREATE TABLE {table} (LIKE {first} INCLUDING DEFAULTS INCLUDING STORAGE)"
        " PARTITION BY RANGE (seq)"
    )
    for definition in definitions:
        cursor.execute(definition)
    cursor.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {first} FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"
    )


def whole(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        raise migrations.exceptions.IrreversibleError(
            "partitions are not put together again: restore the backup made before"
        )


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_authority_and_time")]

    operations = [migrations.RunPython(partition, whole)]
