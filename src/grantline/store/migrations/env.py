"""What Alembic runs: the revisions, on the connection and in the transaction it is handed."""

from alembic import context

from grantline.store.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
)
context.run_migrations()
