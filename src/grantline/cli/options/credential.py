"""What a credential is made of, as options; its secret is never an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from grantline.cli.errors import UsageError
from grantline.cli.options.secrets import (
    SECRETS,
    bytes_in,
    secret_in,
    secret_of,
    text_in,
    trap,
)
from grantline.connections.credentials.authentication import KeyPlacement
from grantline.connections.credentials.credential import CredentialFields, Kind
from grantline.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_VARIABLE: Final = "GRANTLINE_SECRET"
SECRET_FILE: Final = "--secret-file"
_WAYS: Final = (
    "Use --secret-file PATH, --secret-stdin, "
    f"the environment variable {SECRET_VARIABLE}, or wait to be asked."
)
# The field that is the secret of a kind.
SECRET_OF: Final[Mapping[Kind, str]] = {
    Kind.KEY: "value",
    Kind.BASIC: "password",
    Kind.PROXY: "password",
    Kind.CERTIFICATE: "passphrase",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOptions:
    """The fields of a credential. Which of them it has depends on its kind."""

    key_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a key: the header or query parameter.")
    ] = None
    placement: Annotated[
        KeyPlacement | None,
        typer.Option(metavar="PLACE", help="Of a key: header (default) or query."),
    ] = None
    prefix: Annotated[
        str | None, typer.Option(metavar="WORD", help="Of a key: a word before it, such as Token.")
    ] = None
    username: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of basic or a proxy: the user name.")
    ] = None
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Of basic or a proxy: there is no password.")
    ] = False
    proxy_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Of a proxy: http://host:port.")
    ] = None
    certificate_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="PEM: a client's chain, or authorities.",
            rich_help_panel=SECRETS,
        ),
    ] = None
    private_key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM key of that chain.", rich_help_panel=SECRETS),
    ] = None
    pkcs12_file: Annotated[
        Path | None,
        typer.Option(
            "--pkcs12-file",
            metavar="FILE",
            help="A .p12 or .pfx file in place of the two.",
            rich_help_panel=SECRETS,
        ),
    ] = None
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Reads the key, password or passphrase; - is stdin.",
            rich_help_panel=SECRETS,
        ),
    ] = None
    secret_stdin: Annotated[
        bool,
        typer.Option(
            "--secret-stdin",
            help="Reads it from stdin; on a terminal, asks for it.",
            rich_help_panel=SECRETS,
        ),
    ] = False
    secret_trap: Annotated[str | None, trap("--secret", _WAYS)] = None
    value_trap: Annotated[str | None, trap("--value", _WAYS)] = None
    password_trap: Annotated[str | None, trap("--password", _WAYS)] = None

    def read(self, kind: Kind) -> CredentialFields:
        """The fields that the options name; the environment is not asked, and nobody is.

        Raises:
            InvalidInput: A file cannot be read.
            UsageError: Two options name the same secret, or there is none to name.
        """
        secret = secret_of(
            self.secret_file, by_stdin=self.secret_stdin, name="The secret", option=SECRET_FILE
        )
        if secret and kind not in SECRET_OF:
            raise UsageError(f"This kind has no secret: {kind.label}.", hint="Leave it out.")
        if secret and self.no_password:
            raise UsageError(
                "--no-password and a password contradict each other.", hint="Give one."
            )
        key = self.private_key_file
        fields = CredentialFields(
            key_name=self.key_name,
            placement=self.placement,
            prefix=self.prefix,
            username=self.username,
            url=self.proxy_url,
            password=Secret("") if self.no_password else None,
            certificate=(
                text_in(self.certificate_file, option="--certificate-file")
                if self.certificate_file
                else None
            ),
            private_key=secret_in(key, option="--private-key-file") if key else None,
            pkcs12=(
                bytes_in(self.pkcs12_file, option="--pkcs12-file") if self.pkcs12_file else None
            ),
        )
        return with_secret(fields, kind, secret) if secret else fields


def with_secret(fields: CredentialFields, kind: Kind, secret: Secret) -> CredentialFields:
    """``fields`` with the secret of a credential of ``kind``."""
    given: dict[str, Any] = {SECRET_OF[kind]: secret}
    return replace(fields, **given)
