"""What can be wrong with an installation: its keys, its database. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grantline.connections.doctor.diagnosis import Diagnosis, Severity
from grantline.connections.keeping.master_keys import KeyStatus
from grantline.connections.keeping.quarantine import Quarantine


def installation_causes(
    keys: Sequence[KeyStatus], damaged: int, quarantine: Quarantine | None, waiting: int
) -> Iterator[Diagnosis]:
    """Each thing that is wrong, the weightiest first.

    Args:
        keys: The master keys.
        damaged: How many stored secrets do not say which key they need.
        quarantine: Why this database may be a copy.
        waiting: How many answers wait in the spool file for the database.
    """
    for key in keys:
        if key.is_known and not key.is_here and key.sealed:
            yield Diagnosis(
                code="key_missing",
                title="A master key is missing",
                explanation="What was sealed with it cannot be read here.",
                evidence=(("Master key", key.fingerprint), ("Secrets", str(key.sealed))),
                next_steps=(
                    "Put the key back where the keys are kept, from your backup of them.",
                    "See all keys with: grantline keys list",
                ),
            )
    if damaged:
        yield Diagnosis(
            code="secrets_damaged",
            title="Stored secrets are damaged",
            explanation="They do not say which key they need, so nothing can open them.",
            evidence=(("Secrets", str(damaged)),),
            next_steps=("Restore the database from a backup, or authorize what fails again.",),
        )
    if quarantine is not None:
        yield Diagnosis(
            code="quarantined",
            title="Nothing is renewed here",
            explanation=f"This may be a copy of a database that is in use: {quarantine.reason}",
            next_steps=(
                f"If no other copy is in use, run: {quarantine.resume_with}",
                "If one is, leave this one as it is: tokens that still live are used.",
            ),
        )
    if waiting:
        yield Diagnosis(
            code="answers_waiting",
            severity=Severity.WARNING,
            title="The database has not taken all answers",
            explanation="Renewed tokens wait in a file of this machine until it does.",
            evidence=(("Answers", str(waiting)),),
            next_steps=(
                "Check that the database can be written and its disk is not full.",
                "Keep the data directory: the next renewal, or grantline serve, saves them.",
            ),
        )
    for key in keys:
        if key.is_here and key.is_known and not key.is_primary and key.sealed:
            yield Diagnosis(
                code="key_not_primary",
                severity=Severity.WARNING,
                title="Secrets are sealed with a key that is not the primary one",
                explanation="A change of the master key was begun and not finished.",
                evidence=(("Master key", key.fingerprint), ("Secrets", str(key.sealed))),
                next_steps=("Move them to the primary key: grantline keys rewrap",),
            )
