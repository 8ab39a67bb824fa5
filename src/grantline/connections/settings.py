"""The settings of one Grantline installation, read from the environment once, at start.

| variable | meaning | default |
| --- | --- | --- |
| ``GRANTLINE_DATA_DIR`` | where the SQLite database and the key file live | user data directory |
| ``GRANTLINE_DATABASE_URL`` | ``sqlite:///…`` or ``postgresql+psycopg://…`` | SQLite there |
| ``GRANTLINE_KEY`` | master keys, the primary first, comma separated | none |
| ``GRANTLINE_KEY_FILE`` | a key file, mode 0600 | ``grantline.key`` in the data directory |
| ``GRANTLINE_KEYRING`` | ``1`` takes the key from the keyring of the desktop | off |
| ``GRANTLINE_ALLOW_HOSTS`` | private or loopback hosts, addresses, networks to reach | none |
| ``GRANTLINE_CA_FILE`` | PEM file of certificate authorities to trust besides the system's | none |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

from grantline.errors import InvalidInput

VARIABLES = (
    "GRANTLINE_DATA_DIR",
    "GRANTLINE_DATABASE_URL",
    "GRANTLINE_KEY",
    "GRANTLINE_KEY_FILE",
    "GRANTLINE_KEYRING",
    "GRANTLINE_ALLOW_HOSTS",
    "GRANTLINE_CA_FILE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where an installation keeps its state and what it may reach.

    Attributes:
        database_url: Empty means SQLite in ``data_dir``.
        environment: The variables the key providers read; never printed.
    """

    data_dir: Path
    database_url: str = field(default="", repr=False)
    allow_hosts: str = ""
    ca_file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, database_url: str | None = None
    ) -> Settings:
        """The settings in ``environment``; an explicit ``database_url`` wins.

        Raises:
            InvalidInput: A variable of ours is misspelt, so its setting would silently not hold.
        """
        unknown = sorted(
            name
            for name in environment
            if name.startswith("GRANTLINE_") and name not in VARIABLES + PASSED_ON
        )
        if unknown:
            msg = f"{unknown[0]} is not a setting of Grantline."
            raise InvalidInput(msg, field=unknown[0], hint=f"Settings: {', '.join(VARIABLES)}.")
        directory = environment.get("GRANTLINE_DATA_DIR", "")
        authorities = environment.get("GRANTLINE_CA_FILE", "")
        return cls(
            data_dir=Path(directory) if directory else user_data_path("grantline", appauthor=False),
            database_url=database_url or environment.get("GRANTLINE_DATABASE_URL", ""),
            allow_hosts=environment.get("GRANTLINE_ALLOW_HOSTS", ""),
            ca_file=Path(authorities) if authorities else None,
            environment=environment,
        )


# Read by the command line itself, where a secret must not stand in an argument list.
PASSED_ON = ("GRANTLINE_CLIENT_SECRET", "GRANTLINE_PASSWORD", "GRANTLINE_PRIVATE_KEY")
