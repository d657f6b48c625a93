"""Balances 余额: sums at read; a snapshot only shortens the sum (Law 12).

balance = snapshot + later moves + moves dated before but filed after. A snapshot says how much all
moves dated up to `through` and filed up to `seq` came to. It may be dropped at any time.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction

# By account, commodity and day. Three branches, each served by an index of its own: without a
# snapshot everything; with one what was filed after it, and what was filed before but dated later.
BALANCE_SQL = """
WITH asked(account) AS ({accounts}),
base AS (
  SELECT s.account, s.commodity, s.through, s.seq, s.quantity FROM kernel_balance_snapshot s
  WHERE s.account IN (SELECT account FROM asked) AND s.through < {since} AND s.seq <= {upto}
    AND NOT EXISTS (
      SELECT 1 FROM kernel_balance_snapshot n WHERE n.account = s.account
        AND n.commodity = s.commodity AND n.through < {since} AND n.seq <= {upto}
        AND (n.seq > s.seq OR (n.seq = s.seq AND n.through > s.through)))
),
moves AS (
  SELECT p.account, p.commodity, p.occurred_on, p.quantity FROM kernel_posting p
  WHERE p.account IN (SELECT account FROM asked) AND p.seq <= {upto}
    AND NOT EXISTS (
      SELECT 1 FROM base b WHERE b.account = p.account AND b.commodity = p.commodity)
  UNION ALL
  SELECT p.account, p.commodity, p.occurred_on, p.quantity FROM base b
  JOIN kernel_posting p ON p.account = b.account AND p.commodity = b.commodity AND p.seq > b.seq
  WHERE p.seq <= {upto}
  UNION ALL
  SELECT p.account, p.commodity, p.occurred_on, p.quantity FROM base b
  JOIN kernel_posting p ON p.account = b.account AND p.commodity = b.commodity
    AND p.occurred_on > b.through AND p.seq <= b.seq
)
SELECT account, commodity, '' AS day, quantity FROM base
UNION ALL
SELECT account, commodity, occurred_on, CAST(SUM(quantity) AS BIGINT) FROM moves
GROUP BY account, commodity, occurred_on
"""
FOREVER = (1 << 62) - 1
NO_DAY = "9999-99-99"


def _days(account: str, commodity: str, since: str, upto: int) -> dict[str, int]:
    sql = BALANCE_SQL.format(accounts="SELECT CAST(%s AS TEXT)", since="%s", upto="%s")
    asked = [account, since, upto, since, upto, upto, upto]
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        for _, name, day, quantity in cursor.fetchall():
            if name == commodity:
                found[day] = found.get(day, 0) + int(quantity)
    return found


def balance(
    account: str, commodity: str, *, on: str | None = None, as_of: int | None = None
) -> int:
    """Quantity on an account at the end of day `on` (ISO; all days when None) as known at log
    index `as_of`, in the commodity's minor unit."""
    upto = FOREVER if as_of is None else as_of
    since = NO_DAY if on is None else on + "~"
    days = _days(account, commodity, since, upto)
    return sum(quantity for day, quantity in days.items() if on is None or day <= on)


def snapshot(through: str, accounts: Sequence[str] | None = None) -> int:
    """Store what all accounts (or the given ones) came to by the end of day `through`.

    Returns how many snapshots were stored. Only moves already on the log count; what is filed
    later and dated before is added at read.
    """
    where, asked = "", []
    if accounts is not None:
        marks = ",".join(["%s"] * len(accounts)) or "NULL"
        where, asked = f" AND account IN ({marks})", list(accounts)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT size FROM kernel_log_tail WHERE id = 1")
        found = cursor.fetchone()
        if not found:
            return 0
        cursor.execute(
            "INSERT INTO kernel_balance_snapshot (account, commodity, through, seq, quantity)"
            " SELECT account, commodity, %s, %s, CAST(SUM(quantity) AS BIGINT) FROM kernel_posting"
            f" WHERE seq <= %s AND occurred_on <= %s{where} GROUP BY account, commodity"
            " ON CONFLICT (account, commodity, through, seq) DO NOTHING",
            [through, found[0], found[0], through, *asked],
        )
        return int(cursor.rowcount)
