"""A recorded exchange sent again, and its answers compared."""

from __future__ import annotations

import json
import re

from pipeline.adapters.world import real_world
from tests.local_cloud_run.recording import KINDS, Json, call

WORD = re.compile(r"\{([a-z-]+?)(?:-\d+)?\}")
_PATIENCE = 20.0  # seconds for what a GET waits for


def replay(exchanges: list[Json], address: str, images: dict[str, str]) -> None:
    """Send every request and compare what comes back; ``images`` are those of the words."""
    bound = {f"{{image-{name}}}": reference for name, reference in images.items()}
    for exchange in exchanges:
        deadline = real_world().monotonic() + _PATIENCE
        while True:
            learned = dict(bound)
            try:
                _send_again(exchange, address, learned)
                break
            except AssertionError:  # what a GET waits for may not have come yet
                if exchange["method"] != "GET" or real_world().monotonic() > deadline:
                    raise
        bound = learned


def _send_again(exchange: Json, address: str, bound: dict[str, str]) -> None:
    request = exchange["request"]
    path = _filled(str(exchange["path"]), bound)
    body = "" if request is None else _filled(json.dumps(request), bound)
    status, answer = call(address, str(exchange["method"]), str(exchange["host"]), path, body)
    where = f"{exchange['method']} {path}"
    assert status == exchange["status"], f"{where}: {status} {answer}"
    _compare(exchange["response"], json.loads(answer), bound, where)


def _filled(text: str, bound: dict[str, str]) -> str:
    for word, value in bound.items():
        text = text.replace(word, value)
    return text


def _compare(wanted: object, found: object, bound: dict[str, str], where: str) -> None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        assert wanted.keys() == found.keys(), f"{where}: {wanted.keys() ^ found.keys()}"
        for name in wanted:
            _compare(wanted[name], found[name], bound, f"{where}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        assert len(wanted) == len(found), f"{where}: {found}"
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            _compare(one, other, bound, f"{where}[{index}]")
    elif isinstance(wanted, str) and isinstance(found, str):
        _learn(wanted, found, bound, where)
    else:
        assert wanted == found, where


def _learn(wanted: str, found: str, bound: dict[str, str], where: str) -> None:
    """Compare two texts; words that nothing is known of yet are learned."""
    new: list[str] = []

    def pattern(word: str, kind: str) -> str:
        if word in bound:
            return re.escape(bound[word])
        if word in new:
            return f"(?P=w{new.index(word)})"
        if kind == "time":
            return KINDS[kind]
        new.append(word)
        return f"(?P<w{len(new) - 1}>{KINDS[kind]})"

    pieces, at = [], 0
    for word in WORD.finditer(wanted):
        if word[0] in bound or word[1] in KINDS:
            pieces += [re.escape(wanted[at : word.start()]), pattern(word[0], word[1])]
            at = word.end()
    match = re.fullmatch("".join(pieces) + re.escape(wanted[at:]), found)
    assert match, f"{where}: {found!r} is not {_filled(wanted, bound)!r}"
    bound.update({word: match[f"w{index}"] for index, word in enumerate(new)})
