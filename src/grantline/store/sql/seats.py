"""Seats: so many at a time use a connection, and who came first sits first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, insert, or_, select, update

from grantline.store.database import Database
from grantline.store.protocol.seats import SeatAnswer, SeatClaim
from grantline.store.schema.columns import microseconds
from grantline.store.schema.tables import connection, seat
from grantline.store.sql.connections import no_connection


class Seats(Database):
    """Every claim locks the row of its connection, so claims are answered one after the other."""

    def claim_seat(
        self, claim: SeatClaim, span: timedelta, *, gone: Collection[str] = ()
    ) -> SeatAnswer:
        """Takes a seat, or a place in the line for one, for ``span`` (law 16)."""
        row, held = seat.c, connection.c
        ours = (held.workspace == claim.workspace, held.id == claim.connection_id)
        # Renewals change the row too; they need not wait, for no key of it changes.
        limit = select(held.at_once).where(*ours).with_for_update(key_share=True)
        of_connection = row.connection_id == claim.connection_id
        over = or_(row.until <= self._now(), row.owner.in_(gone))
        line = select(row.id, row.number, row.owner, row.is_taken).where(of_connection)
        until = self._now() + microseconds(span)
        with self._write() as run:
            at_once = run.execute(limit).scalar_one_or_none()
            if at_once is None:
                raise no_connection()
            run.execute(delete(seat).where(of_connection, row.id != claim.id, over))
            seats = run.execute(line.order_by(row.number)).all()
            own = next((each for each in seats if each.id == claim.id), None)
            number = own.number if own else max((each.number for each in seats), default=0) + 1
            before = [each for each in seats if each.id != claim.id]
            before = [each for each in before if each.is_taken or each.number < number]
            is_taken = bool(own and own.is_taken) or not at_once or len(before) < at_once
            values = {"is_taken": is_taken, "until": until}
            if own is None:
                values |= {
                    "id": claim.id,
                    "workspace": claim.workspace,
                    "connection_id": claim.connection_id,
                    "owner": claim.owner,
                    "number": number,
                }
                run.execute(insert(seat).values(values))
            else:
                run.execute(update(seat).where(row.id == claim.id).values(values))
        return SeatAnswer(is_taken, frozenset(each.owner for each in before))

    def keep_seat(self, seat_id: str, span: timedelta) -> bool:
        """Lets it live for ``span`` from now on; False when it had ended."""
        kept = update(seat).where(seat.c.id == seat_id)
        with self._write() as run:
            until = self._now() + microseconds(span)
            return bool(run.execute(kept.values(until=until)).rowcount)

    def leave_seat(self, seat_id: str) -> None:
        """Frees the seat, or leaves the line; leaving again changes nothing."""
        with self._write() as run:
            run.execute(delete(seat).where(seat.c.id == seat_id))
