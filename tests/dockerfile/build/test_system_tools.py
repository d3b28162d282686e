"""What the programs of a system do to files, users and packages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.build.tools.paths import braces
from tests.dockerfile.build.calling import TOOLS, Bench


class TestPackages:
    @pytest.mark.parametrize(
        ("image", "command"),
        [
            ("python:3.12-slim", "apt-get install -y --no-install-recommends gcc libpq-dev"),
            ("python:3.12-slim", "apt-get -y -qq install gcc=4:12.2.0-3"),
            ("python:3.12-slim", "apt install -t bookworm-backports gcc/bookworm-backports"),
            ("python:3.12-slim", "apt-get -o Dpkg::Use-Pty=0 install build-essential"),
            ("python:3.12-alpine", "apk add --no-cache gcc~=13 musl-dev"),
            ("python:3.12-alpine", "apk --no-cache add -t .build-deps build-base"),
        ],
    )
    def test_a_compiler_is_there_from_its_installation_on(self, image: str, command: str) -> None:
        bench = Bench(image).run("true", command)

        assert bench.which("gcc", at=2).absent
        assert bench.which("gcc").present

    @pytest.mark.parametrize(
        ("image", "before", "after"),
        [
            ("debian:12", "apt-get install gcc", "apt-get purge -y --auto-remove gcc"),
            ("debian:12", "apt-get install build-essential",
             "apt-get purge -y --auto-remove build-essential"),
            ("alpine:3.20", "apk add --virtual .build-deps gcc make", "apk del .build-deps"),
            ("alpine:3.20", "apk add -t .deps gcc", "apk del --no-network .deps"),
        ],
    )  # fmt: skip
    def test_and_gone_after_its_removal(self, image: str, before: str, after: str) -> None:
        bench = Bench(image).run(before, after, "true")

        assert bench.which("gcc", at=2).present
        assert bench.which("gcc", at=3).absent
        assert bench.which("gcc").absent

    @pytest.mark.parametrize("verb", ["remove", "erase", "rm", "autoremove"])
    def test_removals_of_dnf(self, verb: str) -> None:
        bench = Bench("amazonlinux:2023").run("dnf install -y gcc git", f"dnf {verb} -y gcc")

        assert [one.name for one in bench.machine.installed if one.there()] == ["git"]

    def test_what_a_metapackage_brought_stays_without_it(self) -> None:
        bench = Bench().run("apt-get install build-essential", "apt-get remove build-essential")

        assert bench.which("gcc").present

    def test_a_removal_that_may_not_run_removes_nothing(self) -> None:
        bench = Bench().run("apt-get install gcc").run("apt-get purge gcc", certain=False)

        assert bench.which("gcc").present

    def test_what_apt_recommends(self) -> None:
        assert not Bench().run("apt-get install python3-pip").which("gcc").absent
        bare = Bench().run("apt-get install --no-install-recommends python3-pip")
        assert bare.which("gcc").absent
        assert bare.which("pip3").present

    @pytest.mark.parametrize("package", ["$PACKAGES", "never-heard-of", "./mine.deb"])
    def test_a_strange_package_may_bring_anything(self, package: str) -> None:
        bench = Bench().run(f"apt-get install -y '{package}'")

        assert bench.which("gcc").presence.value == "unknown"

    def test_a_package_of_a_path_keeps_its_name(self) -> None:
        bench = Bench().run("apt-get install -y ./mine=1.deb ../x=2.deb /y=3.deb gcc=4")

        assert {one.name for one in bench.machine.installed} >= {
            "./mine=1.deb", "../x=2.deb", "/y=3.deb", "gcc",
        }  # fmt: skip

    def test_nodesource_brings_npm(self) -> None:
        plain = Bench().run("apt-get install -y --no-install-recommends nodejs")
        assert not plain.which("npm").present

        piped = Bench().pipe("curl -fsSL https://deb.nodesource.com/setup_20.x", "bash -")
        assert piped.run("apt-get install -y nodejs").which("npm").present

        listed = Bench().run("touch /etc/apt/sources.list.d/nodesource.list")
        assert listed.run("apt-get install -y nodejs").which("npm").present


class TestUsers:
    @pytest.mark.parametrize(
        ("image", "command", "user", "home", "made"),
        [
            ("debian:12", "useradd app", "app", "/home/app", False),
            ("debian:12", "useradd -m app", "app", "/home/app", True),
            ("debian:12", "useradd -rm -d /srv/app -s /bin/false app", "app", "/srv/app", True),
            ("debian:12", "useradd -m --home /srv/app app", "app", "/srv/app", True),
            ("debian:12", "useradd -m --home-dir=/srv/app app", "app", "/srv/app", True),
            ("debian:12", "useradd -m -b /srv app", "app", "/srv/app", True),
            ("debian:12", "useradd --create-home --uid 1001 app", "1001", "/home/app", True),
            ("debian:12", "adduser --disabled-password --gecos '' app", "app", "/home/app", True),
            ("debian:12", "adduser --system --uid 1001 app", "1001", "/nonexistent", False),
            ("debian:11", "adduser --system app", "app", "/home/app", True),
            ("ubuntu:22.04", "adduser --system app", "app", "/home/app", True),
            ("ubuntu:24.04", "adduser --system app", "app", "/nonexistent", False),
            ("debian:12", "adduser --system --home /data app", "app", "/data", True),
            (
                "debian:12",
                "adduser --no-create-home --disabled-login app",
                "app",
                "/home/app",
                False,
            ),
            ("alpine:3.20", "adduser -D app", "app", "/home/app", True),
            ("alpine:3.20", "adduser -S -D -H -h /app -G app app", "app", "/app", False),
            ("alpine:3.20", "adduser -D --home /srv/app app", "app", "/srv/app", True),
            ("alpine:3.20", "adduser --system --uid 1001 nextjs", "1001", "/home/nextjs", True),
            ("fedora:41", "useradd app", "app", "/home/app", True),
            ("fedora:41", "useradd -r app", "app", "/home/app", False),
            ("fedora:41", "adduser app", "app", "/home/app", True),
        ],
    )
    def test_homes(self, image: str, command: str, user: str, home: str, *, made: bool) -> None:
        bench = Bench(image).run(command)

        assert bench.machine.home_of(user) == home
        assert bench.look(home).present is made
        if made:
            assert bench.owner(home) in {"app", "nextjs"}

    def test_a_home_that_depends_on_an_unknown_distribution_is_unknown(self) -> None:
        bench = Bench("mycompany/base").run("adduser --system app")

        assert bench.machine.home_of("app") is None

    def test_a_home_that_was_there_stays_whose_it_was(self) -> None:
        bench = Bench().run("mkdir /data", "useradd -m -d /data app")

        assert bench.owner("/data") == "root"

    def test_usermod(self) -> None:
        bench = Bench("node:20-slim").run("usermod -d /srv/node -m node", "usermod -u 1005 node")

        assert bench.machine.home_of("node") == bench.machine.home_of("1005") == "/srv/node"
        assert bench.owner("/srv/node") == "node"

    @pytest.mark.parametrize(
        "command",
        ["addgroup -S app", "groupadd -r app", "adduser app www-data", "useradd",
         "useradd -m '$NAME'", "adduser '`whoami`'"],
    )  # fmt: skip
    def test_what_makes_no_user(self, command: str) -> None:
        bench = Bench().run(command)

        assert bench.machine.home_of("app") is None
        assert bench.machine.homes == Bench().machine.homes


class TestFolders:
    @pytest.mark.parametrize(
        ("command", "paths"),
        [
            ("mkdir -p /a/b c", "/a/b /a /app/c"),
            ("mkdir -p /x/{logs,data}/{a,b}", "/x/logs/a /x/logs/b /x/data/b"),
            ("mkdir -pm 0777 /w", "/w"),
            ("install -d -o app -m 755 /i", "/i"),
            ("touch /t/x.log", "/t/x.log /t"),
            ("ln -s /bin/busybox /usr/bin/thing", "/usr/bin/thing"),
            ("git clone --depth 1 https://h/me/thing.git", "/app/thing"),
            ("git clone https://h/me/thing.git /src", "/src"),
            ("git -C /opt clone https://h/me/thing", "/opt/thing"),
            ("curl -fsSLo /d/tool https://h/tool", "/d/tool"),
            ("curl -LO https://h/tool?x=1", "/app/tool"),
            ("curl --output-dir /d -O https://h/tool", "/d/tool"),
            ("wget -qO /d/tool https://h/x", "/d/tool"),
            ("wget -q -P /d https://h/tool", "/d/tool"),
            ("tar czf /b/all.tgz .", "/b/all.tgz"),
            ("update-alternatives --install /usr/bin/python python /usr/bin/python3 1",
             "/usr/bin/python"),
        ],
    )  # fmt: skip
    def test_what_is_made(self, command: str, paths: str) -> None:
        bench = Bench().run(command)

        assert [path for path in paths.split() if not bench.look(path).present] == []

    def test_a_folder_that_was_there_stays_whose_it_was(self) -> None:
        bench = Bench(user="app").run("install -d -o root /data", "mkdir -p /data/logs")

        assert (bench.owner("/data"), bench.owner("/data/logs")) == ("root", "app")

    def test_sudo_makes_for_root(self) -> None:
        bench = Bench(user="app")
        bench.perform(bench.executed("mkdir /data"), wrappers=("sudo",))

        assert bench.owner("/data") == "root"

    @pytest.mark.parametrize(
        ("command", "gone", "stays"),
        [
            ("rm -rf /app/src", "src src/a.js src/.env", "package.json"),
            ("rm -rf /app/src/*", "src/a.js src/b.ts", "src src/.env"),
            ("rm -f src/*.ts", "src/b.ts", "src/a.js"),
            ("rm -f {src,x}/a.js", "src/a.js", "src/b.ts"),
            ("rm -rf '$DIR'", "", "src"),
            ("mv src lib", "src src/a.js", "lib/a.js"),
            ("find . -name '*.ts' -delete", "src/b.ts", "src/a.js"),
            ("find /app -name '*.js' -exec rm {} +", "src/a.js", "src/b.ts"),
            ("find /app -name '*.js' -execdir rm {} ;", "src/a.js", "src/b.ts"),
        ],
    )
    def test_what_is_gone(self, command: str, gone: str, stays: str) -> None:
        files = {"src/a.js": "", "src/b.ts": "", "src/.env": "", "package.json": ""}
        bench = Bench(context=files).run(command)

        assert [one for one in gone.split() if not bench.look(f"/app/{one}").absent] == []
        assert [one for one in stays.split() if not bench.look(f"/app/{one}").present] == []

    def test_what_may_not_run_removes_nothing(self) -> None:
        bench = Bench(context={"a": ""}).run("rm -f a", "mv a b", certain=False)

        assert bench.look("/app/a").present
        assert bench.look("/app/b").present

    @pytest.mark.parametrize(
        ("command", "path"),
        [
            ("cp run.sh /run.sh", "/run.sh"),
            ("cp run.sh /usr/local/bin/", "/usr/local/bin/run.sh"),
            ("cp run.sh /usr/local/bin", "/usr/local/bin/run.sh"),
            ("cp run.sh lib/a.py /srv", "/srv/run.sh"),
            ("cp *.sh /srv/", "/srv/run.sh"),
            ("install -m 755 run.sh /usr/bin/run", "/usr/bin/run"),
            ("install -t /usr/bin run.sh", "/usr/bin/run.sh"),
            ("install --target-directory /usr/bin run.sh", "/usr/bin/run.sh"),
            ("mv run.sh start.sh", "/app/start.sh"),
            ("ln run.sh /hard.sh", "/hard.sh"),
            ("ln -s run.sh start.sh", "/app/start.sh"),
            ("ln -s /app/run.sh /usr/bin/", "/usr/bin/run.sh"),
            ("ln -sf ../app/run.sh /srv/x", "/srv/x"),
        ],
    )
    def test_a_copy_keeps_its_text(self, command: str, path: str) -> None:
        bench = Bench(context={"run.sh": "#!/bin/sh\n", "lib/a.py": ""}).run(command)

        assert bench.text(path) == "#!/bin/sh\n"

    @pytest.mark.parametrize(
        ("command", "path"),
        [
            ("cp -r lib /srv/lib", "/srv/lib/a.py"),
            ("cp -r lib /opt", "/opt/lib/a.py"),
            ("cp -a lib/. /srv/out", "/srv/out/a.py"),
            ("cp -r lib/* /srv/out", "/srv/out/a.py"),
            ("mv lib /srv/moved", "/srv/moved/a.py"),
        ],
    )
    def test_a_copied_folder_holds_what_it_held(self, command: str, path: str) -> None:
        bench = Bench(context={"lib/a.py": "x = 1\n"}).run(command)

        assert bench.text(path) == "x = 1\n"

    def test_the_folder_of_now_may_be_the_target(self) -> None:
        bench = Bench(cwd="/new", context={"run.sh": "x"}).run("cp /app/run.sh .")

        assert bench.text("/new/run.sh") == "x"

    def test_a_copy_belongs_to_who_makes_it(self) -> None:
        bench = Bench(user="app", context={"a": ""}).run("cp a /tmp/b")

        assert bench.owner("/tmp/b") == "app"


class TestRights:
    @pytest.mark.parametrize(
        ("command", "owner"),
        [
            ("chown app run.sh", "app"),
            ("chown app:app run.sh", "app"),
            ("chown 1001.0 /app/run.sh", "1001"),
            ("chown -R node:node /app", "node"),
            ("chown app /app", "root"),
            ("chown :app run.sh", "root"),
            ("chgrp app run.sh", "root"),
            ("chown -R '$USER' /app", None),
            ("chown app '$FILE'", None),
            ("chown --reference=/x run.sh", None),
            ("chown app *.sh", "app"),
            ("find . -type f -exec chown app {} ;", "app"),
        ],
    )
    def test_owners(self, command: str, owner: str | None) -> None:
        bench = Bench(context={"run.sh": "", "other": ""}).run(command)

        assert bench.owner("/app/run.sh") == owner

    @pytest.mark.parametrize(
        ("command", "mode"),
        [
            ("chmod +x run.sh", 0o755),
            ("chmod 755 run.sh", 0o755),
            ("chmod 0700 run.sh", 0o700),
            ("chmod u+x run.sh", 0o744),
            ("chmod +w run.sh", 0o644),
            ("chmod +wx run.sh", 0o755),
            ("chmod a+w run.sh", 0o666),
            ("chmod o= run.sh", 0o640),
            ("chmod u=rwX run.sh", 0o644),
            ("chmod u+x,g-r run.sh", 0o704),
            ("chmod a=rx run.sh", 0o555),
            ("chmod -R +x /app", 0o755),
            ("chmod -R 777 .", 0o777),
            ("chmod +x *.sh", 0o755),
            ("chmod -x run.sh", None),
            ("chmod '$MODE' run.sh", None),
            ("chmod +x '$FILE'", None),
            ("chmod -R g+w /app", None),
            ("chmod +x /app/*/*.sh", None),
            ("chmod 755 other", 0o644),
            ("find /app -name '*.sh' -exec chmod +x {} +", 0o755),
        ],
    )
    def test_modes(self, command: str, mode: int | None) -> None:
        context = {"run.sh": "", "other": ""}
        bench = Bench(context=context, modes=dict.fromkeys(context, 0o644)).run(command)

        assert bench.mode("/app/run.sh") == mode

    def test_xargs(self) -> None:
        context = {"a.sh": "", "b.sh": ""}
        bench = Bench(context=context, modes=dict.fromkeys(context, 0o644))
        bench.pipe("find . -name 'a*'", "xargs -n 1 chmod +x")

        assert (bench.mode("/app/a.sh"), bench.mode("/app/b.sh")) == (0o755, 0o644)


class TestTexts:
    @pytest.mark.parametrize(
        ("image", "command", "text"),
        [
            ("debian:12", "echo one two", "one two\n"),
            ("debian:12", r"echo '#!/bin/sh\nexec x'", "#!/bin/sh\nexec x\n"),
            ("alpine:3.20", r"echo 'a\nb'", "a\\nb\n"),
            ("alpine:3.20", r"echo -e 'a\nb'", "a\nb\n"),
            ("debian:12", "echo -n a", "a"),
            ("debian:12", r"echo -e 'a'", None),
            ("mycompany/base", r"echo 'a\nb'", None),
            ("debian:12", "echo '$X'", None),
            ("debian:12", r"printf '#!/bin/sh\nexec \"$@\"\n'", None),
            ("debian:12", r"printf '%s\n' a b", "a\nb\n"),
            ("debian:12", r"printf 'a%%\n'", "a%\n"),
            ("debian:12", "printf '%d' 3", None),
            ("debian:12", "cat", None),
            ("debian:12", "cat /app/a.txt", "content"),
            ("debian:12", "cat /app/a.txt /app/missing", None),
            ("debian:12", "uname -a", None),
            ("debian:12", "true", ""),
        ],
    )
    def test_what_is_written(self, image: str, command: str, text: str | None) -> None:
        bench = Bench(image, context={"a.txt": "content"}).run(command, output=("/out", False))

        assert bench.look("/out").present
        assert bench.text("/out") == text

    def test_a_heredoc(self) -> None:
        bench = Bench().run("cat", input="#!/bin/sh\n", output=("/e.sh", False))

        assert bench.text("/e.sh") == "#!/bin/sh\n"
        assert bench.mode("/e.sh") == 0o644

    def test_appending(self) -> None:
        bench = Bench(context={"a": "1\n"}).run("echo 2", "echo 3", output=("a", True))
        assert bench.text("/app/a") == "1\n2\n3\n"

        bench.run("uname", output=("a", True))
        assert bench.text("/app/a") is None

    def test_writing_again_keeps_mode_and_owner(self) -> None:
        bench = Bench().run("touch /a", "chmod 755 /a", "chown app /a")
        bench.run("echo x", output=("/a", False))

        assert (bench.owner("/a"), bench.mode("/a"), bench.text("/a")) == ("app", 0o755, "x\n")

    def test_what_may_not_run_leaves_a_text_unknown(self) -> None:
        bench = Bench().run("echo x", output=("/a", False), certain=False)

        assert bench.text("/a") is None

    def test_nowhere(self) -> None:
        bench = (
            Bench().run("echo x", output=("/dev/null", False)).run("echo x", output=(None, True))
        )

        assert bench.look("/dev/null").entry is None

    def test_tee(self) -> None:
        bench = Bench().run("tee /a b", input="x\n").run("tee -a /a", input="y\n")

        assert (bench.text("/a"), bench.text("/app/b")) == ("x\ny\n", "x\n")

    @pytest.mark.parametrize(
        ("command", "text"),
        [
            (r"sed -i 's/\r$//' run.sh", "a\nb\n"),
            (r"sed -i 's/\r//g' run.sh", "a\nb\n"),
            (r"sed -i -e 's/\r$//' /app/run.sh", "a\nb\n"),
            (r"sed -i.bak 's/\x0D$//' run.sh", "a\nb\n"),
            (r"sed -i 's/\r$//' *.sh", "a\nb\n"),
            ("dos2unix run.sh", "a\nb\n"),
            (r"find . -name '*.sh' -exec sed -i 's/\r$//' {} +", "a\nb\n"),
            ("sed -i s/a/b/ run.sh", None),
            ("sed -i -f script run.sh", None),
            (r"sed -i 's/\r$//' '$FILE'", None),
            ("dos2unix '$FILE'", None),
            (r"sed 's/\r$//' run.sh", "a\r\nb\r\n"),
            (r"sed -i 's/\r$//' other", "a\r\nb\r\n"),
        ],
    )
    def test_content_changed_in_place(self, command: str, text: str | None) -> None:
        bench = Bench(context={"run.sh": "a\r\nb\r\n", "other": ""}).run(command)

        assert bench.look("/app/run.sh").present
        assert bench.text("/app/run.sh") == text


class TestUnknownContent:
    @pytest.mark.parametrize(
        ("command", "path"),
        [
            ("tar -xzf x.tgz -C /opt/tool", "/opt/tool/bin/x"),
            ("tar xf x.tar", "/app/x"),
            ("unzip x.zip -d /srv/x", "/srv/x/a"),
            ("git clone https://h/me/thing /srv/thing", "/srv/thing/a"),
            ("git clone '$URL'", "/app/a"),
            ("curl -O '$URL'", "/app/a"),
            ("./configure --prefix=/stack/x", "/stack/x/bin/a"),
            ("mytool --out /made", "/made/a"),
            ("mytool", "/usr/bin/node"),
            ("dpkg -i x.deb", "/usr/bin/node"),
            ("cp '$FILE' /srv/x", "/srv/x/a"),
        ],
    )
    def test_what_may_be_there_now(self, command: str, path: str) -> None:
        bench = Bench()
        assert bench.look(path).absent

        assert bench.run(command).look(path).presence.value == "unknown"

    @pytest.mark.parametrize(
        "command",
        ["tar tzf x.tgz", "tar czf /x.tgz .", "unzip -l x.zip", "git config a b", "grep -r x .",
         "ls -la", "curl -fsS https://h/", "wget -qO- https://h/", "echo x", "test -f a",
         "find . -name x", "dpkg -l"],
    )  # fmt: skip
    def test_what_changes_nothing(self, command: str) -> None:
        bench = Bench().run(command)

        assert bench.look("/app/a").absent
        assert bench.which("node").absent


class TestInstallers:
    @pytest.mark.parametrize(
        ("url", "shell", "path"),
        [
            ("https://astral.sh/uv/install.sh", "sh", "/root/.local/bin/uv"),
            ("https://astral.sh/uv/0.4.30/install.sh", "sh", "/root/.cargo/bin/uv"),
            ("https://astral.sh/uv/install.sh", "env UV_INSTALL_DIR=/usr/local/bin sh",
             "/usr/local/bin/uvx"),
            ("https://install.python-poetry.org", "python3 -", "/root/.local/bin/poetry"),
            ("https://sh.rustup.rs", "sh -s -- -y", "/root/.cargo/bin/cargo"),
            ("https://bun.sh/install", "bash", "/root/.bun/bin/bun"),
            ("https://deno.land/install.sh", "sh", "/root/.deno/bin/deno"),
            ("https://get.pnpm.io/install.sh", "sh -", "/root/.local/share/pnpm/pnpm"),
            ("https://bootstrap.pypa.io/get-pip.py", "python3", "/usr/local/bin/pip"),
        ],
    )  # fmt: skip
    def test_where_they_put_their_programs(self, url: str, shell: str, path: str) -> None:
        bench = Bench().pipe(f"curl -LsSf {url}", shell)

        assert bench.look(path).present
        assert bench.which("gcc").absent

    @pytest.mark.parametrize("command", ["sh /tmp/i.sh", "/tmp/i.sh", "bash -x /tmp/i.sh"])
    def test_in_two_steps(self, command: str) -> None:
        bench = Bench().run("curl -o /tmp/i.sh https://astral.sh/uv/install.sh", command)

        assert bench.look("/root/.local/bin/uv").present
        assert bench.which("gcc").absent

    @pytest.mark.parametrize(
        ("name", "value", "url", "path"),
        [
            ("POETRY_HOME", "/opt/poetry", "https://install.python-poetry.org",
             "/opt/poetry/bin/poetry"),
            ("CARGO_HOME", "/cargo", "https://sh.rustup.rs", "/cargo/bin/cargo"),
            ("PNPM_HOME", "/pnpm", "https://get.pnpm.io/install.sh", "/pnpm/pnpm"),
        ],
    )  # fmt: skip
    def test_and_where_variables_say(self, name: str, value: str, url: str, path: str) -> None:
        bench = Bench(variables={name: value}).pipe(f"wget -qO- {url}", "sh")
        assert bench.look(path).present

        unknown = Bench(variables={name: None}).pipe(f"wget -qO- {url}", "sh")
        assert not unknown.look(path).present
        assert not unknown.which("gcc").absent

    @pytest.mark.parametrize(
        "commands",
        [
            ("curl https://h/install.sh", "bash"),
            ("curl https://h/x", "tee /log", "sh"),
            ("wget -qO- https://h/x", "sudo bash -s -- --yes"),
        ],
    )
    def test_any_other_script_may_do_anything(self, commands: tuple[str, ...]) -> None:
        bench = Bench().pipe(*commands)

        assert bench.which("gcc").presence.value == "unknown"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a/{b,c}", ["a/b", "a/c"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{a,{b,c}}", ["a", "b", "c"]),
        ("${a,b}", ["${a,b}"]),
        ("{a}", ["{a}"]),
        ("{a,b" * 3, ["{a,b" * 3]),
        ("{a,b}" * 40, ["{a,b}" * 40]),
    ],
)
def test_braces(word: str, expected: list[str]) -> None:
    assert sorted(braces(word)) == sorted(expected)


WORDS = st.sampled_from(
    ["-", "--", "-p", "-rf", "-C", "-exec", "{}", ";", "+x", "a", "/a/b", "..", "*", "[", "{a,b}",
     "$X", "a=b", "", "install", "add", "-t", "--virtual", "clone", "755", "s/a/b/", "-i", "-o",
     "https://h/x", "-name", "%s", "\\n", "\0", "é", "-O"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(TOOLS)), st.lists(WORDS, max_size=6)), max_size=6))
def test_no_command_line_is_too_strange(commands: list[tuple[str, list[str]]]) -> None:
    bench = Bench(context={"a": "x", "b/c": "y"})
    for program, words in commands:
        quoted = " ".join("'" + word + "'" for word in words)
        bench.run(f"{program} {quoted}", output=("out", True))

    assert bench.look("/app/a").presence is not None


@pytest.mark.parametrize(
    "program", ["mkdir", "rm", "chmod", "chown", "cp", "apt-get install", "echo", "tee", "mytool"]
)
def test_ten_thousand_arguments(program: str) -> None:
    bench = Bench(context={"a": "x"})
    bench.run(f"{program} " + " ".join(f"/x/{number}" for number in range(10_000)))

    assert bench.look("/app/a").present
