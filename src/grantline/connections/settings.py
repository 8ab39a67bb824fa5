"""The settings of one Grantline installation, read from the environment once, at start.

| variable | meaning | default |
| --- | --- | --- |
| ``GRANTLINE_DATA_DIR`` | where the SQLite database and the key file live | user data directory |
| ``GRANTLINE_DATABASE_URL`` | ``sqlite:///…`` or ``postgresql://…`` | SQLite there |
| ``GRANTLINE_FILES_DIR`` | where scenarios keep files, for all machines | ``files`` there |
| ``GRANTLINE_KEEP_RUNS`` | for how many days runs of scenarios are kept | 30 |
| ``GRANTLINE_KEY`` | master keys, or URLs of a key management service, comma separated | none |
| ``GRANTLINE_KEY_FILE`` | a key file, mode 0600 | ``master.key`` in the data directory |
| ``GRANTLINE_KEYRING`` | ``1`` takes the key from the keyring of the desktop | off |
| ``GRANTLINE_INSTANCE`` | a name that no copy of this installation has | none |
| ``GRANTLINE_POLICY`` | ``hosted`` keeps all private networks closed | ``self-hosted`` |
| ``GRANTLINE_ALLOW_HOSTS`` | private or loopback hosts, addresses, networks to reach | none |
| ``GRANTLINE_ALLOW_PORTS`` | ports to reach that are usually not HTTP | none |
| ``GRANTLINE_PROXY`` | ``http://user:password@host:port`` through which all requests leave | none |
| ``GRANTLINE_CA_FILE`` | PEM file of certificate authorities to trust besides the system's | none |
| ``GRANTLINE_PUBLIC_URL`` | the origin at which browsers reach the web app | where it listens |
| ``GRANTLINE_SMTP_URL`` | ``smtps://user:password@host``, which takes notices by mail | none |
| ``GRANTLINE_MAIL_FROM`` | the address that such mails come from | the user of that server |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from grantline.errors import InvalidInput
from grantline.messages import Proxy
from grantline.net.guard import HOSTED, POLICY, SELF_HOSTED, EgressPolicy, split_setting
from grantline.net.mail_server import (
    SMTP_URL,
    MailServer,
    checked_mail_address,
    parse_mail_server,
)
from grantline.net.proxy import parse_proxy
from grantline.store.location import data_dir, database_url

RUNS_KEPT_FOR: Final = timedelta(days=30)
MOST_DAYS: Final = 36_500
MAIL_FROM: Final = "GRANTLINE_MAIL_FROM"
VARIABLES: Final = (
    "GRANTLINE_DATA_DIR",
    "GRANTLINE_DATABASE_URL",
    "GRANTLINE_FILES_DIR",
    "GRANTLINE_KEEP_RUNS",
    "GRANTLINE_KEY",
    "GRANTLINE_KEY_FILE",
    "GRANTLINE_KEYRING",
    "GRANTLINE_INSTANCE",
    "GRANTLINE_POLICY",
    "GRANTLINE_ALLOW_HOSTS",
    "GRANTLINE_ALLOW_PORTS",
    "GRANTLINE_PROXY",
    "GRANTLINE_CA_FILE",
    "GRANTLINE_PUBLIC_URL",
    "GRANTLINE_SMTP_URL",
    "GRANTLINE_MAIL_FROM",
)
# Read by the command line itself: a secret must not stand in an argument list.
OF_THE_COMMAND_LINE: Final = (
    "GRANTLINE_CLIENT_SECRET",
    "GRANTLINE_PASSWORD",
    "GRANTLINE_SECRET",
    "GRANTLINE_INITIAL_ACCESS_TOKEN",
    "GRANTLINE_BACKUP_PASSPHRASE",
    "GRANTLINE_DEBUG",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where an installation keeps its state and what it may reach.

    Attributes:
        data_dir: Holds the database and the key file, unless other settings place them.
        database_url: None means SQLite in ``data_dir``. It may hold a password.
        policy: What the egress guard allows beyond the public internet.
        proxy: Through which every request leaves; None for straight on.
        ca_pem: Certificate authorities to trust besides the system's.
        files_dir: Where scenarios keep files; None means ``files`` in ``data_dir``.
        keep_runs: How long runs of scenarios stay after their end.
        instance: What the operator calls this installation; empty without a name.
        public_url: The origin at which people reach the web app; empty when nobody said so.
        mail_server: Where notifications by mail are handed over; None for nowhere.
        mail_from: The address that they come from.
        environment: What the key providers read.
    """

    data_dir: Path
    database_url: str | None = field(default=None, repr=False)
    policy: EgressPolicy = field(default_factory=EgressPolicy)
    proxy: Proxy | None = None
    ca_pem: str = field(default="", repr=False)
    files_dir: Path | None = None
    keep_runs: timedelta = RUNS_KEPT_FOR
    instance: str = ""
    public_url: str = ""
    mail_server: MailServer | None = None
    mail_from: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, url: str | None = None
    ) -> Settings:
        """The settings in ``environment``; an explicit database ``url`` wins.

        Raises:
            ConfigurationError: A setting is misspelt or cannot be read; names it.
        """
        for name in sorted(environment):
            if name.startswith("GRANTLINE_") and name not in VARIABLES + OF_THE_COMMAND_LINE:
                raise InvalidInput(
                    f"{name} is not a setting of Grantline.",
                    field=name,
                    hint=f"The settings are {', '.join(VARIABLES)}.",
                )
        mail_server, mail_from = _mail(environment)
        return cls(
            data_dir=data_dir(environment),
            database_url=url or database_url(environment),
            policy=EgressPolicy.parse(
                allow_hosts=split_setting(environment.get("GRANTLINE_ALLOW_HOSTS", "")),
                allow_ports=split_setting(environment.get("GRANTLINE_ALLOW_PORTS", "")),
                hosted=_is_hosted(environment.get(POLICY, "")),
            ),
            proxy=_proxy(environment.get("GRANTLINE_PROXY", "")),
            ca_pem=_authorities(environment.get("GRANTLINE_CA_FILE", "")),
            files_dir=_folder(environment.get("GRANTLINE_FILES_DIR", "")),
            keep_runs=_days(environment.get("GRANTLINE_KEEP_RUNS", "")),
            instance=environment.get("GRANTLINE_INSTANCE", "").strip(),
            public_url=environment.get("GRANTLINE_PUBLIC_URL", "").strip().rstrip("/"),
            mail_server=mail_server,
            mail_from=mail_from,
            environment=environment,
        )

    @property
    def files(self) -> Path:
        """The folder for files of scenarios; it may not be there yet."""
        return self.files_dir or self.data_dir / "files"


def _folder(path: str) -> Path | None:
    return Path(path).expanduser().absolute() if path.strip() else None


def _days(text: str) -> timedelta:
    if not text.strip():
        return RUNS_KEPT_FOR
    days = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(
            f"GRANTLINE_KEEP_RUNS is no number of days from 1 to {MOST_DAYS}.",
            field="GRANTLINE_KEEP_RUNS",
            hint="Set it to 30, or leave it out.",
        )
    return timedelta(days=days)


def _is_hosted(text: str) -> bool:
    if text not in {"", HOSTED, SELF_HOSTED}:
        raise InvalidInput(
            f"{POLICY} is neither {HOSTED} nor {SELF_HOSTED}.",
            field=POLICY,
            hint=f"Set it to {HOSTED} where people you do not know make requests.",
        )
    return text == HOSTED


def _proxy(text: str) -> Proxy | None:
    return parse_proxy(text, field="GRANTLINE_PROXY") if text else None


def _mail(environment: Mapping[str, str]) -> tuple[MailServer | None, str]:
    """Where mail is handed over, and the address that it comes from."""
    given, sender = environment.get(SMTP_URL, ""), environment.get(MAIL_FROM, "").strip()
    if not given:
        return None, checked_mail_address(sender, field=MAIL_FROM) if sender else ""
    server = parse_mail_server(given)
    if not sender and "@" not in server.username:
        raise InvalidInput(
            f"{SMTP_URL} is set, and nothing says which address mails come from.",
            field=MAIL_FROM,
            hint=f"Set {MAIL_FROM}, for example to grantline@example.com.",
        )
    return server, checked_mail_address(sender or server.username, field=MAIL_FROM)


def _authorities(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).expanduser().read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise InvalidInput(
            f"The file {path} cannot be read.",
            field="GRANTLINE_CA_FILE",
            hint="Give a PEM file of certificate authorities.",
        ) from None
