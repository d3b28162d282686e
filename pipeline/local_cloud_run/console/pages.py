"""The console: one page, and the JSON that it asks for every second while somebody looks.

Nothing is gathered when nobody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.resources import files

from aiohttp import web

from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.console.entries import SEVERITIES, Wanted, news
from pipeline.local_cloud_run.console.services import Seen, operations, services
from pipeline.local_cloud_run.console.tally import Tally
from pipeline.local_cloud_run.control import ControlPlane
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json
from pipeline.report.masking import Secrets

_FILES = {
    "/": ("index.html", "text/html"),
    "/console/console.css": ("console.css", "text/css"),
    "/console/console.js": ("console.js", "text/javascript"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_DIGITS = 15  # of the number of an entry


@dataclass
class Console:
    """``since`` tells one run of the server from the next: numbers of entries begin anew."""

    control: ControlPlane
    store: LogStore
    now: Callable[[], datetime]
    since: datetime
    _tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self._tally = Tally(self.store)

    def routes(self) -> list[web.RouteDef]:
        pages = [web.get(path, _page) for path in _FILES]
        return [*pages, web.get("/console/snapshot", self._answer)]

    def snapshot(self, wanted: Wanted) -> Json:
        """Everything that the page shows, and of the logs what it lacks."""
        control, now = self.control, self.now()
        answers, whole = self._tally.count(now)
        seen = Seen(control.uri, control.instances.census(), answers, self._secrets)
        return {
            "server": timestamp(self.since),
            "now": timestamp(now),
            "services": services(control.state, seen),
            "all_counted": whole,
            "operations": operations(control.state),
            "faults": [f"{name} {value:g}" for name, value in control.faults.plan.values.items()],
            "logs": news(self.store, wanted, self._secrets),
        }

    async def _answer(self, request: web.Request) -> web.Response:
        return web.json_response(self.snapshot(_wanted(request.query)), headers=_HEADERS)

    @cached_property
    def _secrets(self) -> Secrets:
        return Secrets.of(self.control.secrets.values())


async def _page(request: web.Request) -> web.Response:
    name, kind = _FILES[request.path]
    text = files(__package__).joinpath(name).read_text("utf-8")
    return web.Response(text=text, content_type=kind, headers=_HEADERS)


def _wanted(query: Mapping[str, str]) -> Wanted:
    """Raises INVALID_ARGUMENT."""
    after, severity = query.get("after", "0"), query.get("severity", "DEFAULT")
    if not (after.isascii() and after.isdigit() and len(after) <= _DIGITS):
        raise invalid(f"after: a number of at most {_DIGITS} digits is needed.")
    if severity not in SEVERITIES:
        raise invalid(f"severity: one of {', '.join(SEVERITIES)} is needed.")
    return Wanted(int(after), query.get("source", ""), severity)
