"""The ``Store`` on SQLAlchemy Core: one set of statements for SQLite and PostgreSQL."""

from __future__ import annotations

from grantline.store.snapshot import Snapshots
from grantline.store.sql_connections import Connections
from grantline.store.sql_credentials import Credentials
from grantline.store.sql_instance import Copies
from grantline.store.sql_journal import Journal
from grantline.store.sql_keys import Keys
from grantline.store.sql_listing import Listing
from grantline.store.sql_notices import Notices
from grantline.store.sql_people import People
from grantline.store.sql_requests import Requests
from grantline.store.sql_run_progress import RunProgress
from grantline.store.sql_scenario_runs import ScenarioRuns
from grantline.store.sql_scenarios import Scenarios
from grantline.store.sql_seats import Seats
from grantline.store.sql_tokens import Tokens


class SqlStore(
    Connections,
    Listing,
    Tokens,
    People,
    Credentials,
    Requests,
    Scenarios,
    ScenarioRuns,
    RunProgress,
    Seats,
    Notices,
    Journal,
    Keys,
    Copies,
    Snapshots,
):
    """State in one database. ``open_store`` makes one; its parts are files by subject."""
