"""Sending a write so that it is applied once, and waiting until it has taken effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from pipeline.adapters.messages import read_service
from pipeline.adapters.operations import failure_of, first_line, not_settled, refusal, result
from pipeline.adapters.patience import Pace
from pipeline.adapters.refusals import Trouble, raised, translated, trouble_of
from pipeline.adapters.writing import Change, Found, Standing, found, is_there, standing
from pipeline.errors import ApiRefused, ApiUnreachable, ChangedMeanwhile
from pipeline.model import Service


class Tries:
    """The failures of one write. ``lost``: to one of them no answer came, so it may be applied."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._pauses = iter(pace.limits.pauses)
        self._ends = pace.until(pace.limits.writing)
        self._failures: list[Exception] = []
        self.lost = False

    def failed(self, error: Exception) -> Trouble:
        """Note a failure; raises it where a further try would end the same way."""
        trouble = trouble_of(error)
        if trouble is Trouble.REFUSED:
            raise error
        self._failures.append(error)
        self.lost = self.lost or trouble is Trouble.LOST
        return trouble

    def pause(self, trouble: Trouble) -> None:
        """Wait before the next try; raises the first error when there is to be none."""
        seconds = next(self._pauses, None)
        if seconds is None or self._pace.monotonic() + seconds > self._ends:
            raise self._failures[0]
        if trouble is not Trouble.STALE or len(self._failures) > 1:
            self._pace.sleep(seconds)


@dataclass(frozen=True)
class Write:
    """A change of a service: how to ``send`` it onto what was seen, and to ``look`` what is there.

    None is a service that is not there.
    """

    where: str
    change: Change
    pace: Pace
    send: Callable[[Service | None], Any]
    look: Callable[[], Service | None]

    def onto(self, seen: Service | None) -> Service:
        """Send it, again only after a look showed that it was not applied, and wait for it.

        Raises the first error where that could not be found out or too many tries failed, and
        ChangedMeanwhile where somebody else wrote what the change is about.
        """
        tries = Tries(self.pace)
        with translated(self.where):
            while True:
                try:
                    operation = self.send(seen)
                except raised() as error:
                    trouble = tries.failed(error)
                    now = seen if trouble is Trouble.BUSY else self._look(tries)
                    match found(seen, now, self.change, lost=tries.lost):
                        case Found.APPLIED:
                            return self._follow(seen, now, self._limit())
                        case Found.CHANGED:
                            self._changed(trouble, error)
                    tries.pause(trouble)
                    seen = now
                else:
                    return self._result(operation, seen)

    def _look(self, tries: Tries) -> Service | None:
        while True:
            try:
                return self.look()
            except (ApiRefused, ApiUnreachable):
                tries.pause(Trouble.LOST)

    def _limit(self) -> float:
        return self.pace.until(self.pace.limits.settling)

    def _changed(self, trouble: Trouble, error: Exception | None = None) -> NoReturn:
        if error is not None and trouble is Trouble.STALE:
            raise error
        raise ChangedMeanwhile(
            "somebody else changed the service while a change of this run was under way",
            where=self.where,
            remedy="look with `nox -s status`, then run the command again",
        ) from error

    def _result(self, operation: Any, seen: Service | None) -> Service:
        """The service as its operation leaves it; where that cannot be asked for, as it is read."""
        ends = self._limit()
        unheard: tuple[type[Exception], ...] = (TimeoutError, *raised())
        if not self.pace.limits.is_hurried or operation.operation.done:
            try:
                done = read_service(result(operation, self.pace.limits.settling))
            except unheard as error:
                why = failure_of(operation, error)
                if why:
                    raise refusal(why, self.where, self._at_fault(self._read())) from error
            else:
                return done if is_there(done, self.change) else self._changed(Trouble.LOST)
        return self._follow(seen, None, ends)

    def _read(self) -> Service | None:
        try:
            return self.look()
        except (ApiRefused, ApiUnreachable):
            return None

    def _at_fault(self, now: Service | None) -> str:
        """The revision that the change makes, if any; empty where it is ready all the same."""
        is_ready = now is not None and now.latest_ready == self.change.revision
        return "" if is_ready else self.change.revision

    def _follow(self, seen: Service | None, now: Service | None, ends: float) -> Service:
        """Wait until a change that was accepted has taken effect, by reading the service.

        A reading may be older than the change.
        """
        read = now
        for read in self._readings(now, ends):
            match found(seen, read, self.change, lost=True):
                case Found.CHANGED:
                    self._changed(Trouble.LOST)
                case Found.APPLIED if read is not None:
                    match standing(read, self.change):
                        case Standing.SETTLED:
                            return read
                        case Standing.FAILED:
                            why, revision = first_line(read.message), self._at_fault(read)
                            raise refusal(why, self.where, revision)
        raise not_settled(self.pace.limits, self.where, self._at_fault(read))

    def _readings(self, first: Service | None, ends: float) -> Iterator[Service | None]:
        """The service again and again; raises when it is out of reach for too long."""
        if first is not None:
            yield first
        pause, heard = 0.2, self.pace.monotonic()
        while True:
            self.pace.sleep(pause)
            pause = min(1.5 * pause, 5.0)
            try:
                read = self.look()
            except (ApiRefused, ApiUnreachable):
                if self.pace.monotonic() - heard > self.pace.limits.writing:
                    raise
            else:
                heard = self.pace.monotonic()
                yield read
            if self.pace.monotonic() >= ends:
                return
