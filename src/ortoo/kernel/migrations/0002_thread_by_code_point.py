"""PostgreSQL: thread keys compare by code point, so that the primary key serves prefix ranges.

In another collation a range of keys is not the set of keys with that prefix, and an index of the
database's collation serves no comparison by code point. SQLite compares so by default.
"""

from django.db import migrations

_ALTER = "ALTER TABLE kernel_thread_entry ALTER COLUMN thread TYPE varchar(160) COLLATE {}"


def _to(collation):
    def apply(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(_ALTER.format(collation))

    return apply


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [migrations.RunPython(_to('"C"'), _to('"default"'))]
