"""Secrets come by file, by standard input, by a hidden prompt or by the environment.

Never as an argument: every user of the machine can read the arguments of a process, and the shell
writes them down. Options that would take one are here only to say so.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from grantline.cli.errors import SecretInArguments, UsageError
from grantline.cli.prompts import ask_secret
from grantline.errors import InvalidInput
from grantline.messages import ClientCertificate
from grantline.oauth.app.settings import ClientSecrets
from grantline.secret import Secret

SECRETS: Final = "Secrets (never as an argument)"
CLIENT_SECRET_VARIABLE: Final = "GRANTLINE_CLIENT_SECRET"
PASSWORD_VARIABLE: Final = "GRANTLINE_PASSWORD"
INITIAL_TOKEN_VARIABLE: Final = "GRANTLINE_INITIAL_ACCESS_TOKEN"
PASSPHRASE_VARIABLE: Final = "GRANTLINE_BACKUP_PASSPHRASE"

_LARGEST_FILE: Final = 256 * 1024

_WAYS: Final = {
    "--client-secret": "Use --client-secret-file PATH, --client-secret-stdin, "
    f"the environment variable {CLIENT_SECRET_VARIABLE}, or wait to be asked.",
    "--password": "Use --password-file PATH, --password-stdin, "
    f"the environment variable {PASSWORD_VARIABLE}, or wait to be asked.",
    "--initial-access-token": "Use --initial-access-token-file PATH, "
    f"--initial-access-token-stdin, or the environment variable {INITIAL_TOKEN_VARIABLE}.",
    "--private-key": "Use --private-key-file PATH.",
    "--passphrase": "Use --passphrase-file PATH, --passphrase-stdin, "
    f"the environment variable {PASSPHRASE_VARIABLE}, or wait to be asked.",
}


def trap(option: str, ways: str) -> typer.models.OptionInfo:
    """An option that exists only to say that a secret is no argument, and how it is given."""

    def refuse(value: str | None) -> None:
        if value is not None:
            raise SecretInArguments(
                f"{option} takes no value here: other users can read the arguments of a program.",
                hint=f"{ways} If it was a real secret, replace it: it was visible.",
            )

    hidden: typer.models.OptionInfo = typer.Option(option, hidden=True, callback=refuse)
    return hidden


def _trap(option: str) -> typer.models.OptionInfo:
    return trap(option, _WAYS[option])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecretOptions:
    """Where the secrets of an app come from."""

    client_secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Reads the client secret; - is stdin.", rich_help_panel=SECRETS
        ),
    ] = None
    client_secret_stdin: Annotated[
        bool,
        typer.Option(
            "--client-secret-stdin",
            help="Reads the client secret from stdin; on a terminal, asks for it.",
            rich_help_panel=SECRETS,
        ),
    ] = False
    private_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="PEM or JWK, for signed assertions.", rich_help_panel=SECRETS
        ),
    ] = None
    certificate_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM chain, for mutual TLS.", rich_help_panel=SECRETS),
    ] = None
    certificate_key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM key of that chain.", rich_help_panel=SECRETS),
    ] = None
    client_secret_trap: Annotated[str | None, _trap("--client-secret")] = None
    private_key_trap: Annotated[str | None, _trap("--private-key")] = None

    def read(self) -> ClientSecrets:
        """The secrets that the options name; the environment is not asked.

        Raises:
            InvalidInput: A file cannot be read.
            UsageError: Two options name the same secret.
        """
        if bool(self.certificate_file) != bool(self.certificate_key_file):
            raise UsageError(
                "A client certificate is a chain and its key.",
                hint="Give --certificate-file and --certificate-key-file together.",
            )
        certificate = None
        if self.certificate_file and self.certificate_key_file:
            certificate = ClientCertificate(
                text_in(self.certificate_file, option="--certificate-file"),
                secret_in(self.certificate_key_file, option="--certificate-key-file"),
            )
        key = self.private_key_file
        return ClientSecrets(
            client_secret=secret_of(
                self.client_secret_file,
                by_stdin=self.client_secret_stdin,
                name="Client secret",
                option="--client-secret-file",
            ),
            private_key=secret_in(key, option="--private-key-file") if key else None,
            certificate=certificate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationOptions:
    """Whether the service is asked for a client, and what it may want to see first."""

    register: Annotated[
        bool,
        typer.Option("--register", help="Lets the issuer register a client, in place of an ID."),
    ] = False
    initial_access_token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Reads the token that the service wants for registering; - is stdin.",
            rich_help_panel=SECRETS,
        ),
    ] = None
    initial_access_token_stdin: Annotated[
        bool,
        typer.Option(
            "--initial-access-token-stdin",
            help="Reads that token from stdin; on a terminal, asks for it.",
            rich_help_panel=SECRETS,
        ),
    ] = False
    initial_access_token_trap: Annotated[str | None, _trap("--initial-access-token")] = None

    def read(self) -> Secret | None:
        """The initial access token: by option, or from the environment. Errors as for secrets."""
        return secret_of(
            self.initial_access_token_file,
            by_stdin=self.initial_access_token_stdin,
            name="Initial access token",
            option="--initial-access-token-file",
        ) or from_environment(INITIAL_TOKEN_VARIABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordOptions:
    """The person whose password the password flow sends."""

    username: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the password flow.", rich_help_panel=SECRETS),
    ] = None
    password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Reads the password; - is stdin.", rich_help_panel=SECRETS
        ),
    ] = None
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Reads the password from stdin; on a terminal, asks for it.",
            rich_help_panel=SECRETS,
        ),
    ] = False
    password_trap: Annotated[str | None, _trap("--password")] = None

    def read(self) -> Secret | None:
        """The password that the options name. Errors as for client secrets."""
        return secret_of(
            self.password_file,
            by_stdin=self.password_stdin,
            name="Password",
            option="--password-file",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseOptions:
    """Where the passphrase of a backup comes from."""

    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Reads the passphrase; - is stdin.", rich_help_panel=SECRETS
        ),
    ] = None
    passphrase_stdin: Annotated[
        bool,
        typer.Option(
            "--passphrase-stdin",
            help="Reads the passphrase from stdin; on a terminal, asks for it.",
            rich_help_panel=SECRETS,
        ),
    ] = False
    passphrase_trap: Annotated[str | None, _trap("--passphrase")] = None

    def read(self, *, twice: bool) -> Secret:
        """The passphrase: by option, from the environment, or from the person who is asked.

        Args:
            twice: Whether a person types it twice, because a mistake would cost the backup.
        """
        given = secret_of(
            self.passphrase_file,
            by_stdin=self.passphrase_stdin,
            name="Passphrase",
            option="--passphrase-file",
        )
        if found := given or from_environment(PASSPHRASE_VARIABLE):
            return found
        typed = ask_secret("Passphrase of the backup", option="--passphrase-file")
        if typed is None:
            raise InvalidInput("The passphrase is empty.", field="--passphrase-file")
        if twice and ask_secret("The same again", option="--passphrase-file") != typed:
            raise InvalidInput("The two passphrases differ.", field="--passphrase-file")
        return typed


def from_environment(variable: str) -> Secret | None:
    """The secret in an environment variable; None when it is not set or empty."""
    return Secret(value) if (value := os.environ.get(variable)) else None


def secret_in(path: Path, *, option: str) -> Secret:
    """The secret that a file holds, without the line break at its end.

    Raises:
        InvalidInput: It cannot be read, or is empty.
    """
    if text := text_in(path, option=option).rstrip("\r\n"):
        return Secret(text)
    raise InvalidInput(f"The file of {option} is empty.", field=option)


def text_in(path: Path, *, option: str) -> str:
    """The text of a file; ``-`` is standard input. Errors as ``secret_in``."""
    try:
        if str(path) == "-":
            return sys.stdin.read(_LARGEST_FILE)
        with path.expanduser().open(encoding="utf-8") as file:
            return file.read(_LARGEST_FILE)
    except UnicodeDecodeError:
        raise InvalidInput(f"The file of {option} is not text.", field=option) from None
    except OSError as error:
        raise _unreadable(path, error, option) from None


def bytes_in(path: Path, *, option: str) -> bytes:
    """The bytes of a file. Errors as ``secret_in``."""
    try:
        with path.expanduser().open("rb") as file:
            return file.read(_LARGEST_FILE)
    except OSError as error:
        raise _unreadable(path, error, option) from None


def _unreadable(path: Path, error: OSError, option: str) -> InvalidInput:
    return InvalidInput(
        f"The file {path} cannot be read: {error.strerror or 'no reason given'}.",
        field=option,
        hint=f"Check the path that follows {option}.",
    )


def secret_from_stdin(name: str, *, option: str) -> Secret:
    """The first line of standard input; on a terminal the person is asked, and it is not shown.

    Raises:
        InvalidInput: There was nothing.
    """
    if sys.stdin.isatty():
        secret = ask_secret(name, option=option)
    else:
        line = sys.stdin.readline().rstrip("\r\n")
        secret = Secret(line) if line else None
    if secret is None:
        raise InvalidInput(f"{name} is empty: nothing came by standard input.", field=name)
    return secret


def secret_of(path: Path | None, *, by_stdin: bool, name: str, option: str) -> Secret | None:
    """The secret that one of two options names; None when neither was given.

    Raises:
        InvalidInput: It cannot be read, or is empty.
        UsageError: Both were given.
    """
    if path and by_stdin:
        other = option.removesuffix("file") + "stdin"
        raise UsageError(f"{option} and {other} name the same secret.", hint="Give one of them.")
    if path:
        return secret_in(path, option=option)
    return secret_from_stdin(name, option=option) if by_stdin else None


def identities_in(secret: Secret) -> list[Secret]:
    """The age identities in the text of an identity file, whose other lines are comments."""
    lines = (line.strip() for line in secret.reveal().splitlines())
    return [Secret(line) for line in lines if line and not line.startswith("#")]
