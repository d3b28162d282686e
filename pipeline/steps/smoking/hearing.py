"""What a container listens on, said against what it should listen on."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.adapters.sockets import Listener

_ALL = "0.0.0.0"  # noqa: S104 -- what a service on Cloud Run must listen on
_ALL_OF_IPV6 = "::"
_RESOLVER = "127.0.0.11"  # docker's own, in every container on a network that was made


def heard(listeners: Sequence[Listener] | None, port: int) -> str:
    """One sentence for a container in which nothing took a connection on ``port``."""
    if listeners is None:
        return "what it listens on cannot be read here"
    found = [each for each in listeners if each.host != _RESOLVER]
    if not found:
        return "nothing in the container listens"
    here = [each for each in found if each.port == port]
    if any(each.host == _ALL for each in here):
        return "it began to listen too late"
    if here or all(each.is_loopback for each in found):
        sockets = ", ".join(str(each) for each in here or found)
        six = any(each.host == _ALL_OF_IPV6 for each in here)
        return f"it listens on {sockets} only" + (", without IPv4" if six else "")
    ports = sorted({each.port for each in found if not each.is_loopback})
    return f"it listens on {_ports(ports)}, not on {port}"


def where_to_listen(listeners: Sequence[Listener] | None, port: int) -> str:
    """The remedy for what was heard; empty where it says nothing of the cause."""
    found = [each for each in listeners or () if each.host != _RESOLVER]
    if any(each.host == _ALL and each.port == port for each in found) or not found:
        return ""
    return f"listen on {_ALL} and on the port in $PORT; not on 127.0.0.1, nor on a fixed port"


def takes_all(listeners: Sequence[Listener] | None, port: int) -> bool:
    """Whether it listens on ``port`` where Cloud Run would reach it."""
    return any(each.port == port and each.host in {_ALL, _ALL_OF_IPV6} for each in listeners or ())


def _ports(ports: Sequence[int]) -> str:
    if len(ports) == 1:
        return f"port {ports[0]}"
    *first, last = (str(port) for port in ports)
    return f"ports {', '.join(first)} and {last}"
