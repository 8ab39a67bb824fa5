"""The ``Store`` put together from its parts."""

from __future__ import annotations

from grantline.store.snapshot import Snapshots
from grantline.store.sql.connections import Connections
from grantline.store.sql.credentials import Credentials
from grantline.store.sql.instance import Copies
from grantline.store.sql.journal import Journal
from grantline.store.sql.keys import Keys
from grantline.store.sql.listing import Listing
from grantline.store.sql.notices import Notices
from grantline.store.sql.people import People
from grantline.store.sql.requests import Requests
from grantline.store.sql.run_progress import RunProgress
from grantline.store.sql.scenario_runs import ScenarioRuns
from grantline.store.sql.scenarios import Scenarios
from grantline.store.sql.seats import Seats
from grantline.store.sql.tokens import Tokens


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
