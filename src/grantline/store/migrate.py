"""Brings a database up to this version's schema, or says why it must not be touched."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from grantline.errors import ConfigurationError
from grantline.store import migrations
from grantline.store.database import exclusive, translated


def migrate(engine: Engine) -> None:
    """Applies the revisions that are missing, one process at a time, all or none.

    Raises:
        ConfigurationError: A newer version of Grantline has changed the database beyond what
            this one can use, or the database is somebody else's.
    """
    with translated(), engine.begin() as connection:
        if _is_usable(connection):
            return
    with translated(), exclusive(engine).begin() as connection:
        # Another process may have done it while this one waited.
        if not _is_usable(connection):
            upgrade(connection, migrations.REVISION)


def _is_usable(connection: Connection) -> bool:
    """True when there is nothing to do; this costs two small queries, and no Alembic."""
    tables = inspect(connection)
    if not tables.has_table("alembic_version"):
        if tables.has_table("app") or tables.has_table("connection"):
            raise ConfigurationError(
                "The database has tables of another program.",
                hint="Give Grantline a database, or a PostgreSQL schema, of its own.",
            )
        return False
    current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if current is None or current < migrations.REVISION:
        return False
    if current == migrations.REVISION:
        return True
    usable_from = connection.execute(text("SELECT usable_from FROM instance")).scalar_one()
    if usable_from > int(migrations.REVISION):
        raise ConfigurationError(
            f"The database belongs to a newer Grantline: its schema is {current}, "
            f"and this one knows up to {migrations.REVISION}.",
            hint="Install that version or a later one; going back needs the backup from before.",
        )
    return True


def upgrade(connection: Connection, revision: str) -> None:
    """Applies the revisions up to ``revision``, within the caller's transaction."""
    # Alembic takes a tenth of a second to import: only a start that needs it pays.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    command.upgrade(config, revision)
