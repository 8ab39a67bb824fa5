"""How many saved requests and scenarios refer to something."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, union_all

from grantline.store.records.scenarios import UseKind
from grantline.store.schema.tables import saved_request, scenario_use

NAMES_CREDENTIALS: Final = tuple(
    saved_request.c[name]
    for name in ("credential_id", "certificate_id", "authority_id", "proxy_id")
)
_COLUMNS: Final = {
    UseKind.CONNECTION: (saved_request.c.connection_id,),
    UseKind.CREDENTIAL: NAMES_CREDENTIALS,
}


def count_uses(
    run: Connection, workspace: str, kind: UseKind, ids: Collection[str]
) -> dict[str, int]:
    """How often each of ``ids`` is referred to; those that are not are left out."""
    used = scenario_use.c
    of_requests: list[Select[Any]] = [
        select(each.label("id")).where(saved_request.c.workspace == workspace, each.in_(ids))
        for each in _COLUMNS[kind]
    ]
    of_scenarios: Select[Any] = select(used.used_id.label("id")).where(
        used.workspace == workspace, used.kind == kind, used.used_id.in_(ids)
    )
    named = union_all(*of_requests, of_scenarios).subquery()
    counted = select(named.c.id, func.count()).group_by(named.c.id)
    return {row[0]: row[1] for row in run.execute(counted)}
