from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.build.values import PORT
from tests.dockerfile.build.building import build_of, launch, launches, main, package

NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\n"
PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"


def started(command: str, files: dict[str, str], image: str = NODE) -> list[str]:
    """What the start command runs besides itself."""
    return launches(build_of(f"{image}ENTRYPOINT {command}\n", files))[1:]


SCRIPTS = package(
    scripts={
        "prestart": "node check.js",
        "start": "npm run migrate && node dist/main.js",
        "poststart": "echo over",
        "migrate": "prisma migrate deploy",
        "dev": "nodemon src/main.ts",
    }
)


@pytest.mark.parametrize(
    "command", ["npm start", "npm run start", "yarn start", "pnpm start", "bun run start",
                "npm --silent start", "npm run-script start", "npm --prefix /app start",
                "yarn --cwd . start", "pnpm -C /app run start"],
)  # fmt: skip
def test_scripts_of_package_json(command: str) -> None:
    build = build_of(f"{NODE}CMD {command}\n", SCRIPTS)
    assert launches(build)[2:] == [
        "node check.js", "npm run migrate", "prisma migrate deploy", "node dist/main.js",
        "echo over",
    ]  # fmt: skip
    assert main(build) == "node dist/main.js"
    server = launch(build, "node dist")
    assert (server.place.file, server.place.line) == ("package.json", 4)
    assert server.via == ("package.json",)
    assert server.executed.certain
    assert launch(build, "prisma").via == ("package.json", "package.json")


def test_node_runs_a_script_without_those_around_it() -> None:
    assert started("node --run start", SCRIPTS)[0] == "npm run migrate"


def test_older_pnpm_runs_none_of_those_around_it() -> None:
    build = build_of(f"{NODE}CMD pnpm start\n", SCRIPTS)
    assert not launch(build, "node check.js").executed.certain


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm start", ["node server.js"]),
        ("npm run nothing", []),
        ("npm test", ["vitest run"]),
        ("yarn serve -l 8080", ["serve -l 8080"]),
        ("npm test -- --port 1", ["vitest run --port 1"]),
        ("npm ci", ["echo installed"]),
        ("yarn install", ["echo installed"]),
    ],
)
def test_what_managers_run_without_such_a_script(command: str, expected: list[str]) -> None:
    files = package(scripts={"test": "vitest run", "postinstall": "echo installed"})
    assert started(command, {**files, "server.js": ""}) == expected


def test_arguments_of_the_shell_stay_what_they_are() -> None:
    build = build_of(f'{NODE}CMD npm run serve -- "a b" $PORT\n', package(scripts={"serve": "x"}))
    assert [one.value for one in launch(build, "x").executed.argv] == ["x", "a b", PORT]


PROCFILE = {
    "Procfile": "# processes\nweb: gunicorn -b :$PORT app:app\nworker: celery -A app worker\n"
}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("honcho start", ["gunicorn", "celery"]),
        ("honcho start web", ["gunicorn"]),
        ("foreman start -f Procfile", ["gunicorn", "celery"]),
        ("overmind start -l worker", ["celery"]),
        ("hivemind Procfile", []),  # taken for a process of that name
        ("hivemind ./Procfile", ["gunicorn", "celery"]),
        ("forego start", ["gunicorn", "celery"]),
        ("honcho start -f other", []),
        ("honcho run python x.py", ["python"]),
    ],
)
def test_procfiles(command: str, expected: list[str]) -> None:
    assert [one.split()[0] for one in started(command, PROCFILE, PYTHON)] == expected


def test_only_the_first_process_gets_the_port_that_was_given() -> None:
    procfile = "web: serve $PORT\nother: listen $PORT\n"
    build = build_of(f"{PYTHON}CMD honcho start\n", {"Procfile": procfile})
    assert [one.value for one in launch(build, "serve").executed.argv] == ["serve", PORT]
    assert [one.value for one in launch(build, "listen").executed.argv] == ["listen", None]


def test_what_a_line_of_the_dockerfile_runs_went_through_no_file() -> None:
    build = build_of(f"{NODE}CMD concurrently 'npm start' 'node b.js'\n", SCRIPTS)
    assert launch(build, "node b.js").via == ()
    assert launch(build, "node check.js").via == ("package.json",)


def test_the_processes_of_a_procfile_run_side_by_side() -> None:
    build = build_of(f"{PYTHON}CMD honcho start\n", PROCFILE)
    web, worker = launch(build, "gunicorn"), launch(build, "celery")
    assert web.executed.background
    assert worker.executed.background
    assert (web.place.file, web.place.line) == ("Procfile", 2)
    assert main(build) == f"gunicorn -b :{PORT} app:app"
    assert not launch(
        build_of(f"{PYTHON}CMD honcho start web\n", PROCFILE), "gun"
    ).executed.background


SUPERVISOR = """\
[supervisord]
nodaemon=true
[program:web]
command=/usr/bin/env gunicorn "app:app" --bind 0.0.0.0:%(ENV_PORT)s --x $PORT
directory=/srv
environment=A="1",B=%(ENV_C)s
[program:off]
command=nothing
autostart=false
[include]
files = conf.d/*.conf
"""


def test_supervisor() -> None:
    files = {"s.conf": SUPERVISOR, "conf.d/worker.conf": "[program:w]\ncommand=celery worker\n"}
    build = build_of(f"{PYTHON}CMD supervisord -n -c s.conf\n", files)
    web = launch(build, "gunicorn")
    assert web.executed.words[1:] == ("app:app", "--bind", f"0.0.0.0:{PORT}", "--x", "$PORT")
    assert web.executed.shell.cwd == "/srv"
    assert web.executed.shell.variables["A"] == "1"
    assert web.executed.shell.variables["B"] is None
    assert (web.place.file, web.place.line) == ("s.conf", 4)
    assert launch(build, "celery").place.file == "conf.d/worker.conf"
    assert "nothing" not in launches(build)
    assert main(build) == " ".join(web.executed.words)


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("/etc/supervisord.conf", "supervisord"),
        ("/etc/supervisor/supervisord.conf", "/usr/bin/supervisord -n"),
        ("/etc/supervisor/conf.d/app.conf", "supervisord -n"),
        ("/app/supervisord.conf", "supervisord -n"),
    ],
)
def test_where_supervisor_looks(target: str, command: str) -> None:
    files = {"x.conf": "[program:a]\ncommand=uvicorn app:app\n"}
    build = build_of(f"{PYTHON}COPY x.conf {target}\nCMD {command}\n", files)
    assert main(build) == "uvicorn app:app"
    assert not launch(build, "uvicorn").executed.background


def test_of_several_programs_none_is_the_main_one_if_nothing_tells() -> None:
    conf = "[program:a]\ncommand=nginx\n[program:b]\ncommand=php-fpm\n"
    assert main(build_of(f"{PYTHON}CMD supervisord -c s.conf\n", {"s.conf": conf})) is None


MAKEFILE = """\
APP ?= app:app
serve: migrate
\t@exec uvicorn $(APP) --port $$PORT
migrate:
\t-alembic up
"""


def test_make() -> None:
    build = build_of(f"{PYTHON}CMD make serve\n", {"Makefile": MAKEFILE})
    assert launches(build)[1:] == ["alembic up", f"uvicorn app:app --port {PORT}"]
    server = launch(build, "uvicorn")
    assert (server.place.file, server.place.line, server.main) == ("Makefile", 3, True)
    assert main(build_of(f"{PYTHON}CMD make serve APP=b:c\n", {"Makefile": MAKEFILE})) == (
        f"uvicorn b:c --port {PORT}"
    )


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ('subprocess.run(["prisma", "generate"], check=True)', "prisma generate"),
        ('subprocess.run([sys.executable, "-m", "x"])', "python -m x"),
        ('subprocess.check_call("alembic upgrade head".split())', "alembic upgrade head"),
        ('subprocess.call(shlex.split("alembic upgrade head"))', "alembic upgrade head"),
        ('subprocess.run("FOO=1 a b", shell=True)', "a b"),
        ('subprocess.run("just-this")', "just-this"),
        ('subprocess.Popen(["gunicorn", "-b", f"0.0.0.0:{os.environ.get(\'PORT\', 8080)}"])',
         f"gunicorn -b 0.0.0.0:{PORT}"),
        ('subprocess.run(["echo", "$PORT;x"])', "echo $PORT;x"),
        ('os.system("python manage.py migrate")', "python manage.py migrate"),
        ('os.execvp("uvicorn", ["uvicorn", "a:b"])', "uvicorn a:b"),
        ('os.execlp("uvicorn", "uvicorn", "a:b")', "uvicorn a:b"),
        ('os.execve("/bin/x", ["x", "y"], os.environ)', "/bin/x y"),
        ('os.execle("/bin/x", "x", "y", os.environ)', "/bin/x y"),
        ('os.spawnlp(os.P_WAIT, "celery", "celery", "worker")', "celery worker"),
    ],
)  # fmt: skip
def test_what_a_python_program_starts(line: str, runs: str) -> None:
    source = f"import os, shlex, subprocess, sys\n{line}\n"
    build = build_of(f"{PYTHON}CMD python -u start.py\n", {"start.py": source})
    found = launch(build, runs)
    assert (found.place.file, found.place.line, found.place.column) == ("start.py", 2, 1)
    assert found.executed.certain
    assert found.main


def test_functions_run_where_the_program_calls_them() -> None:
    source = """\
import os, subprocess
def main():
    migrate()
    if os.environ.get("SEED"):
        subprocess.run(["seed"], check=True)
    os.execvp("uvicorn", ["uvicorn", "app:app"])
def migrate():
    try:
        subprocess.run(["alembic", "upgrade", "head"])
    except Exception:
        subprocess.run(["alarm"])
def handler():
    subprocess.run(["pip", "install", "x"])
if __name__ == "__main__":
    main()
"""
    build = build_of(f'{PYTHON}CMD ["python", "start.py"]\n', {"start.py": source})
    assert launches(build) == [
        "python start.py", "alembic upgrade head", "alarm", "seed", "uvicorn app:app",
    ]  # fmt: skip
    assert launch(build, "alembic").executed.certain
    assert launch(build, "alembic").executed.tolerated
    assert not launch(build, "alarm").executed.certain
    assert not launch(build, "seed").executed.certain
    assert not launch(build, "seed").executed.tolerated
    assert main(build) == "uvicorn app:app"
    assert launch(build, "python").followed


@pytest.mark.parametrize(
    ("after", "stays"),
    [
        ("uvicorn.run('app:app', host='0.0.0.0')", "python start.py"),
        ("app.run()", "python start.py"),
        ("make_it_serve()", "python start.py"),
        ("sys.exit(0)", "migrate now"),
        ("print('done')", "migrate now"),
        ("if x:\n    app.run()", "migrate now"),
    ],
)
def test_the_program_itself_may_be_the_one_that_stays(after: str, stays: str) -> None:
    source = f"import subprocess\nsubprocess.run(['migrate', 'now'], check=True)\n{after}\n"
    build = build_of(f"{PYTHON}CMD python start.py\n", {"start.py": source})
    assert main(build) == stays


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("python start.py", "start.py"),
        ("python3.12 -X dev ./start.py --flag", "start.py"),
        ("python -m app", "app/__main__.py"),
        ("python -m app.serve", "app/serve.py"),
        ("python -m tool", "src/tool.py"),
        ("python app", "app/__main__.py"),
        ("./start.py", "start.py"),
        ("/app/start.py now", "start.py"),
    ],
)
def test_which_file_python_runs(command: str, path: str) -> None:
    source = "#!/usr/bin/env python3\nimport os\nos.system('found it')\n"
    build = build_of(f"{PYTHON}ENV PYTHONPATH=/app/src\nCMD {command}\n", {path: source})
    assert launch(build, "found it").place.file == path


@pytest.mark.parametrize(
    "command",
    ["python -c 'import os'", "python", "python -", "python -m", "python -m ../x",
     "python missing.py", "python $FILE"],
)  # fmt: skip
def test_python_without_a_file_that_is_known(command: str) -> None:
    assert len(launches(build_of(f"{PYTHON}CMD {command}\n", {"x.py": "import os"}))) == 1


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ('require("child_process").execSync("npx prisma migrate deploy")', "prisma migrate deploy"),
        ('const { execSync } = require("node:child_process"); execSync(`a b`)', "a b"),
        ('import { spawn } from "child_process"; spawn("next", ["start", "-p", process.env.PORT])',
         f"next start -p {PORT}"),
        ('import cp from "node:child_process"; cp.spawnSync("a", ["c"], { shell: true })', "a c"),
        ('import * as cp from "child_process"; cp.execFileSync("node", ["x y"])', "node x y"),
        ('const cp = require("child_process"); cp.fork("worker.js", ["1"])', "node worker.js 1"),
        ('import { execa } from "execa"; await execa("prisma", ["generate"])', "prisma generate"),
    ],
)  # fmt: skip
def test_what_a_javascript_program_starts(line: str, runs: str) -> None:
    build = build_of(f"{NODE}CMD node --no-warnings start.mjs\n", {"start.mjs": f"\n{line}\n"})
    found = launch(build, runs)
    assert (found.place.file, found.place.line) == ("start.mjs", 2)
    assert found.executed.certain


def test_functions_of_a_javascript_program() -> None:
    source = """\
const { execSync, spawn } = require("child_process");
const start = async () => {
  execSync("prisma migrate deploy", { stdio: "inherit", cwd: "db" });
  if (process.env.SEED) execSync("seed");
  const child = spawn("node", ["dist/main.js"], { stdio: "inherit" });
  child.on("exit", (code) => process.exit(code));
};
function unused() { execSync("npm install"); }
start();
"""
    build = build_of(f'{NODE}CMD ["node", "start.js"]\n', {"start.js": source})
    assert [one.split()[0] for one in launches(build)] == ["node", "prisma", "seed", "node"]
    assert main(build) == "node dist/main.js"
    assert launch(build, "prisma").executed.shell.cwd == "/app/db"
    assert not launch(build, "seed").executed.certain


def test_a_program_that_is_forked_runs_in_its_folder() -> None:
    source = 'const cp = require("child_process");\ncp.fork("w.js", [], { cwd: "work" });\n'
    build = build_of(f"{NODE}CMD node start.js\n", {"start.js": source})
    assert launch(build, "node w.js").executed.shell.cwd == "/app/work"


def test_a_function_ends_where_it_ends() -> None:
    source = """\
const { execSync } = require("child_process");
                                                  function migrate() { execSync("migrate"); }
execSync("seed");
"""
    build = build_of(f"{NODE}CMD node start.js\n", {"start.js": source})
    assert launches(build)[1:] == ["node start.js", "seed"]


def test_a_javascript_server_stays_itself() -> None:
    source = (
        'const { execSync } = require("child_process");\nexecSync("migrate");\napp.listen(80);\n'
    )
    assert main(build_of(f"{NODE}CMD node server.js\n", {"server.js": source})) == "node server.js"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("node .", "lib/index.js"),
        ("node lib", "lib/index.js"),
        ("node -r dotenv/config lib/index", "lib/index.js"),
        ("tsx src/main.ts", "src/main.ts"),
        ("npx ts-node src/main", "src/main.ts"),
        ("nodemon --ext js lib/index.js", "lib/index.js"),
        ("bun src/main.ts", "src/main.ts"),
        ("bun run src/main.ts", "src/main.ts"),
        ("pm2-runtime start lib/index.js -i max", "lib/index.js"),
    ],
)
def test_which_file_node_runs(command: str, path: str) -> None:
    files = {
        path: 'require("child_process").execSync("found it")',
        **package(main="./lib/index.js"),
    }
    assert launch(build_of(f"{NODE}CMD {command}\n", files), "found it").place.file == path


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("nodemon --exec 'node x.js'", ["node x.js"]),
        ("pm2-runtime ecosystem.config.js", []),
        ("pm2-runtime start npm -- start", ["npm start", "node a.js"]),
        ("pm2-runtime app.js", ["node app.js"]),
        ("run-p start work", ["npm run start", "node a.js", "npm run work", "node b.js"]),
        (
            "concurrently -n a,b 'npm:start' 'node b.js'",
            ["npm run start", "node a.js", "node b.js"],
        ),
    ],
)
def test_other_runners(command: str, expected: list[str]) -> None:
    files = package(scripts={"start": "node a.js", "work": "node b.js"})
    assert started(command, files)[-len(expected) or 99 :] == expected


@pytest.mark.parametrize(
    ("command", "together"),
    [
        ("npm-run-all --parallel start work", True), ("npm-run-all -p start work", True),
        ("npm-run-all start work", False), ("npm-run-all -p --serial start work", False),
        ("npm-run-all --parallel -s start work", False), ("run-p start work", True),
    ],
)  # fmt: skip
def test_scripts_side_by_side(command: str, *, together: bool) -> None:
    files = package(scripts={"start": "node a.js", "work": "node b.js"})
    build = build_of(f"{NODE}CMD {command}\n", files)
    assert launch(build, "node a.js").executed.background is together


def test_what_is_given_in_words_stands_where_the_command_stands() -> None:
    build = build_of(f"{NODE}\nCMD concurrently 'node a.js' 'node b.js'\n")
    assert launch(build, "node a.js").place.line == 5
    assert launch(build, "node a.js").executed.background
    assert main(build) is None


@pytest.mark.parametrize(
    "files",
    [
        package(scripts={"start": "npm start; npm start"}),
        {"start.py": "import os\nos.system('python start.py')\n" * 50},
        {"Makefile": "start: start\n\tmake start\n\tmake start\n"},
        {"Procfile": "start: honcho start\n" * 100},
        {"s.conf": "[program:a]\ncommand=supervisord -c s.conf\n" * 100},
    ],
)
def test_what_starts_itself_comes_to_an_end(files: dict[str, str]) -> None:
    began = time.perf_counter()
    for command in ("npm start", "python start.py", "make start", "honcho start",
                    "supervisord -c s.conf"):  # fmt: skip
        build = build_of(f"{PYTHON}CMD {command}\n", files)
        assert len(build.start.launches) <= 1_001
    assert time.perf_counter() - began < 20


TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from([
            "import os, subprocess\n", "os.system('a')\n", "def f():\n", "    f()\n", "f()\n",
            "subprocess.run([", "'x', ", "])\n", "[program:a]\n", "command=a 'b\n", "web: x\n",
            "a: b\n\tc $(X)\n", "X = $(X)\n", 'const c = require("child_process");', "c.exec(",
            "`${c}`", ");\n", "=> {", "}\n", "[include]\nfiles=*\n", "%(ENV_A)s", "os.execv(",
        ]),
        max_size=25,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(TEXTS)
def test_no_file_breaks_it(text: str) -> None:
    names = ("start.py", "start.js", "Procfile", "s.conf", "Makefile", "package.json")
    dockerfile = f"{PYTHON}CMD python start.py; node start.js; honcho start; npm start; \\\n"
    dockerfile += " supervisord -c s.conf; make\n"
    build = build_of(dockerfile, dict.fromkeys(names, text))
    assert build.start.launches
