"""What smoke says of exit codes, sockets, memory and refused connections: pure rules."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.cpu import read_throttled
from pipeline.adapters.memory import Memory, read_memory
from pipeline.adapters.sockets import Listener, listeners
from pipeline.steps.smoking.exits import brief, explained
from pipeline.steps.smoking.hearing import heard, takes_all, where_to_listen
from pipeline.steps.smoking.needing import unreached

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
LISTEN, ESTABLISHED = "0A", "01"
ports = st.integers(1, 65535)
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
states = st.sampled_from([LISTEN, ESTABLISHED, "06"])


def row(address: IPv4Address | IPv6Address, port: int, state: str) -> str:
    """A line as Linux writes it: each word of 32 bits in the machine's own order."""
    words = struct.unpack(f">{len(address.packed) // 4}I", address.packed)
    digits = "".join(f"{int.from_bytes(word.to_bytes(4, 'little'), 'big'):08X}" for word in words)
    return f"   0: {digits}:{port:04X} {'0' * len(digits)}:0000 {state} 00000000:00000000 00:0\n"


@given(st.lists(st.tuples(addresses, ports, states), max_size=20))
def test_what_listens_is_read_from_the_table(sockets) -> None:
    table = HEADER + "".join(row(*each) for each in sockets)
    wanted = {
        Listener(port, str(getattr(address, "ipv4_mapped", None) or address))
        for address, port, state in sockets
        if state == LISTEN
    }

    assert listeners(table) == tuple(sorted(wanted))


@given(st.text(alphabet="0123456789ABCDEFabcdef: \n\tlocal_address"))
def test_any_table_is_read(text: str) -> None:
    assert listeners(HEADER + text) is not None


def test_a_table_that_is_none_says_nothing() -> None:
    assert listeners("cat: /proc/net/tcp: No such file or directory") is None
    assert listeners(HEADER) == ()


ALL, LOOPBACK = "0.0.0.0", "127.0.0.1"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "nothing in the container listens"),
        ([(40000, "127.0.0.11")], "nothing in the container listens"),
        ([(8080, LOOPBACK)], "it listens on 127.0.0.1:8080 only"),
        ([(8080, "::1"), (9000, ALL)], "it listens on [::1]:8080 only"),
        ([(8080, "::")], "it listens on [::]:8080 only, without IPv4"),
        ([(5000, ALL)], "it listens on port 5000, not on 8080"),
        ([(5000, "::")], "it listens on port 5000, not on 8080"),
        ([(5000, ALL), (9090, ALL), (9, LOOPBACK)], "it listens on ports 5000 and 9090, not on"),
        ([(5000, LOOPBACK), (9090, "::1")], "it listens on 127.0.0.1:5000, [::1]:9090 only"),
        ([(8080, ALL)], "it began to listen too late"),
    ],
)
def test_what_it_listens_on_is_said_against_what_it_should(found, said: str) -> None:
    assert heard([Listener(*each) for each in found], 8080).startswith(said)


def test_what_cannot_be_read_is_not_guessed() -> None:
    assert heard(None, 8080) == "what it listens on cannot be read here"
    assert where_to_listen(None, 8080) == ""
    assert not takes_all(None, 8080)


sockets = st.lists(st.builds(Listener, ports, addresses.map(str)), max_size=5)


@given(sockets, ports)
def test_there_is_one_sentence_for_anything(found: list[Listener], port: int) -> None:
    assert heard(found, port)
    if takes_all(found, port):
        assert "not on" not in heard(found, port)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "exit code 0, it ended as if its work were done; a service must stay"),
        (1, "exit code 1, an error that the program did not handle"),
        (3, "exit code 3"),
        (126, "exit code 126, the program is there and cannot be executed"),
        (132, "killed by SIGILL (exit code 132), its code has an instruction that this CPU lacks"),
        (134, "killed by SIGABRT (exit code 134), it gave itself up"),
        (143, "killed by SIGTERM (exit code 143), something told it to stop"),
        (138, "killed by SIGUSR1 (exit code 138)"),
        (255, "exit code 255"),
    ],
)
def test_an_exit_code_is_explained(code: int, said: str) -> None:
    assert explained(code) == said


@given(st.integers(-1, 300))
def test_any_exit_code_is_named(code: int) -> None:
    assert str(code) in explained(code)
    assert explained(code).startswith(brief(code))


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["psycopg.OperationalError: connection refused"], "PostgreSQL"),
        (["import psycopg", "ConnectionRefusedError: [Errno 111] Connection refused"],
         "PostgreSQL"),
        (["Error: connect ECONNREFUSED 127.0.0.1:6379"], "Redis"),
        (["getaddrinfo ENOTFOUND mongo"], "MongoDB"),
        (["Can't reach database server at `db:3306`"], "MySQL"),
        (["Can't reach database server at `db`"], "a database"),
        (["kombu: amqp://queue: [Errno 111] Connection refused"], "RabbitMQ"),
        (["connection refused by http://collector:4318"], ""),
        (["Database connected: PostgreSQL"], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_what_it_could_not_reach_is_named(lines: list[str], what: str) -> None:
    assert unreached(lines) == what


@given(st.lists(st.text(), max_size=50))
def test_any_output_is_looked_at(lines: list[str]) -> None:
    assert isinstance(unreached(lines), str)


MIB = 1 << 20
VERSION_1 = f"""\
{50 * MIB}
cache {30 * MIB}
inactive_file 1
total_inactive_file {10 * MIB}
total_active_file {20 * MIB}
oom_kill_disable 0
under_oom 0
oom_kill 2
"""
VERSION_2 = f"""\
{50 * MIB}
anon {20 * MIB}
inactive_file {10 * MIB}
active_file {20 * MIB}
low 0
oom 3
oom_kill 2
oom_group_kill 1
"""


@pytest.mark.parametrize("text", [VERSION_1, VERSION_2])
def test_memory_that_can_be_given_back_does_not_count(text: str) -> None:
    assert read_memory(text) == Memory(20 * MIB, 2)


@given(st.text())
def test_any_text_is_read_for_memory(text: str) -> None:
    memory = read_memory(text)

    assert memory.used is None or memory.used >= 0


def test_a_number_that_nobody_has_is_none() -> None:
    assert read_memory("9" * 10_000 + "\noom_kill " + "9" * 10_000) == Memory(None, None)


def test_unknown_memory_stays_unknown() -> None:
    assert read_memory("cat: not found") == Memory(None, None)
    assert Memory(None, 1).at_most(Memory(5, None)) == Memory(5, 1)
    assert Memory(7, 0).at_most(Memory(5, 2)) == Memory(7, 2)


def test_how_long_it_was_throttled_is_read_in_both_versions() -> None:
    version_1 = "nr_periods 50\nnr_throttled 47\nthrottled_time 3760000000\n"
    version_2 = "usage_usec 9\nnr_periods 50\nnr_throttled 47\nthrottled_usec 3760000\n"

    assert read_throttled(version_1) == read_throttled(version_2) == pytest.approx(4.7)


@given(st.text())
def test_a_throttling_that_nobody_tells_is_unknown(text: str) -> None:
    assert read_throttled("usage_usec 9\n" + text) is None or "nr_throttled" in text
