"""Only `ortoo.kernel.filings` writes the record (Law 1), by SQL or by the ORM."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .source import modules, tables

HOME = "kernel/filings/"
SQL = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update|delete\s+from|truncate(?:\s+table)?"
    r"|copy|drop\s+table(?:\s+if\s+exists)?|alter\s+table)\s+(?:only\s+)?[\"'`]?(\w+)",
    re.IGNORECASE,
)
WRITES = {
    "create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update",
    "delete", "save", "raw_delete",
}  # fmt: skip
WRITES |= {f"a{name}" for name in WRITES}


def kept_by_the_writer() -> dict[str, str]:
    """Model → table, of what `file_many` writes in its transaction."""
    return {
        table.model: table.table
        for table in tables()
        if table.kind.startswith(("Record", "Projection, written with"))
        or table.table == "kernel_outbox"
    }


def sql_writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, table) of every SQL statement that writes, in any string, also a formatted one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                part.value if isinstance(part, ast.Constant) else "\0" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        for match in SQL.finditer(text):
            yield node.lineno, match[1].lower()


def orm_writes(tree: ast.AST, models: set[str]) -> Iterator[tuple[int, str]]:
    """(line, model) of calls such as `Filing.objects.filter(…).update(…)` and of `Filing(…)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in models:
            yield node.lineno, node.func.id
        if isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            root: ast.AST = node.func.value
            while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
                if isinstance(root, ast.Attribute) and root.attr in models:
                    yield node.lineno, root.attr
                root = root.func if isinstance(root, ast.Call) else root.value
            if isinstance(root, ast.Name) and root.id in models:
                yield node.lineno, root.id


def faults(path: str, tree: ast.AST, kept: dict[str, str]) -> list[str]:
    if path.startswith(HOME):
        return []
    by_sql = [f"{path}:{at} {t}" for at, t in sql_writes(tree) if t in kept.values()]
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and "kernel" in (node.module or "")
        # `filings.draft.Original` is what is handed to the writer, not its table.
        and (node.module or "").rsplit(".", 1)[-1] != "draft"
        for name in node.names
    }
    models = {model for model in kept if model in imported or "import *" in imported}
    return by_sql + [f"{path}:{at} {m}" for at, m in orm_writes(tree, models)]


@pytest.mark.law(1)
def test_only_the_filings_package_writes_the_record():
    kept = kept_by_the_writer()
    assert {"Filing", "Leaf", "Duty", "ThreadEntry", "Posting", "Outbox"} <= set(kept)
    found = [fault for path, tree in modules() for fault in faults(path, tree, kept)]
    assert not found, found


@pytest.mark.parametrize(
    "text",
    [
        "cursor.execute('INSERT INTO kernel_filing VALUES (1)')",
        "cursor.execute('insert or ignore into \"kernel_leaf\" values (1)')",
        "sql = f'UPDATE kernel_duty SET closed_seq = {seq}'",
        "x = '''delete\n from kernel_posting'''",
        "from ortoo.kernel.models import Filing\nFiling.objects.create(seq=1)",
        "from ortoo.kernel.models import Duty\nDuty.objects.filter(key=1).update(void_seq=2)",
        "from ortoo.kernel.seal.models import Leaf\nLeaf(seq=1).save()",
        "from ortoo.kernel.relay.models import Outbox\nOutbox.objects.all()[:3].delete()",
    ],
)
def test_a_planted_second_way_to_write_is_seen(text):
    assert faults("domains/market/services.py", ast.parse(text), kept_by_the_writer())


def test_reading_the_record_is_no_write():
    text = (
        "from ortoo.kernel.models import Filing\n"
        "rows = Filing.objects.filter(seq=1).values('key')\n"
        "sql = 'select * from kernel_filing for update'\n"
    )
    assert not faults("domains/market/selectors.py", ast.parse(text), kept_by_the_writer())
