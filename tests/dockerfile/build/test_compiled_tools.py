"""Where go and cargo leave the programs that they build."""

from __future__ import annotations

import pytest

from tests.dockerfile.build.building import build_of, maker, state

GO = "FROM golang:1.24\nWORKDIR /src\nCOPY . .\n"
RUST = "FROM rust:1.80\nWORKDIR /src\nCOPY . .\n"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("go build -o /bin/server ./cmd/server", "/bin/server"),
        ("go build -o=server .", "/src/server"),
        ("CGO_ENABLED=0 go build -ldflags '-s -w' -o app main.go", "/src/app"),
        ("go build --o out/app ./...", "/src/out/app"),
        ("go install github.com/x/tool@v1.2", "/go/bin/tool"),
        ("go install github.com/x/tool/v2@latest", "/go/bin/tool"),
        ("GOBIN=/out go install example.com/tool@latest", "/out/tool"),
        ("GOPATH=/g go install example.com/tool@latest", "/g/bin/tool"),
        ("GOPATH= go install example.com/tool@latest", "/root/go/bin/tool"),
    ],
)
def test_go(line: str, path: str) -> None:
    assert maker(build_of(f"{GO}RUN {line}\n"), path) == "go"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("go build .", "/src/anything"),
        ("go build -o", "/src/anything"),
        ("go build -o /out/ ./...", "/out/anything"),
        ("mkdir /out && go build -o /out ./...", "/out/anything"),
        ("go install ./cmd/...", "/go/bin/anything"),
        ("GOBIN=/out go install .", "/out/anything"),
        ("go mod vendor", "/src/vendor"),
        ("go generate ./...", "/src/anything"),
    ],
)
def test_programs_of_go_whose_names_are_not_known(line: str, path: str) -> None:
    assert state(build_of(f"{GO}RUN {line}\n"), path) == "unknown"


@pytest.mark.parametrize("line", ["go mod download", "go test ./...", "go version", "go vet ."])
def test_what_of_go_leaves_nothing(line: str) -> None:
    assert state(build_of(f"{GO}RUN {line}\n"), "/src/anything") == "absent"


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("cargo build --release", "/src/target/release"),
        ("cargo +nightly build", "/src/target/debug"),
        ("cargo build --target-dir /out", "/out/release"),
        ("CARGO_TARGET_DIR=/out cargo build --release", "/out/release"),
        ("cargo install diesel_cli", "/usr/local/cargo/bin"),
        ("cargo install --root /opt sqlx-cli", "/opt/bin"),
        ("CARGO_INSTALL_ROOT=/opt cargo install sqlx-cli", "/opt/bin"),
        ("CARGO_HOME=/c cargo install sqlx-cli", "/c/bin"),
        ("CARGO_HOME= cargo install sqlx-cli", "/root/.cargo/bin"),
    ],
)
def test_cargo(line: str, folder: str) -> None:
    build = build_of(f"{RUST}RUN {line}\n")
    assert state(build, folder) == "present"
    assert state(build, f"{folder}/anything") == "unknown"


def test_go_in_a_folder_that_is_not_known() -> None:
    build = build_of(f"{GO}ARG WHERE\nWORKDIR $WHERE\nRUN go build .\n")
    assert state(build, "/bin/anything") == "unknown"
    assert state(build_of(f"{GO}RUN go build .\n"), "/elsewhere") == "absent"


def test_cargo_without_a_home_that_is_known() -> None:
    build = build_of(f"{RUST}ENV CARGO_HOME=\nUSER app\nRUN cargo install sqlx-cli\n")
    assert state(build, "/src/None/.cargo/bin") == "unknown"
    assert not [one for one in build.final.machine.installed if one.manager == "binary"]


@pytest.mark.parametrize("line", ["cargo fetch", "cargo test", "cargo check"])
def test_what_of_cargo_leaves_nothing(line: str) -> None:
    assert state(build_of(f"{RUST}RUN {line}\n"), "/src/target") == "absent"
