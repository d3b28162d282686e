"""Work that belongs into the build or a release job, as the words of a command tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pipeline.dockerfile.build.tools.node.commands import MANAGERS, command_of
from pipeline.dockerfile.build.tools.node.programs import program_of_node
from pipeline.dockerfile.shell.executed import Executed

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*", re.ASCII)
_SCRIPT = re.compile(r"(?:ruby|php|perl|node|nodejs|bun|tsx|ts-node|deno|dart|bash|sh)", re.ASCII)
_ENDING = re.compile(r"\.(?:py|js|mjs|cjs|ts|rb|php|sh|jar|phar|exe)$")
_VERSIONED = re.compile(r"[-_]?v?\d+(?:\.\d+)+[\w.-]*$")
_TALK = frozenset({
    "--version", "-version", "-V", "--help", "-h", "--noEmit", "--dry-run", "--check", "--list",
    "--showConfig", "--init", "--sql", "--plan",
})  # fmt: skip

_SERVES = frozenset({"serve", "server", "dev", "watch", "--watch", "--serve"})

Table = Mapping[str, tuple[tuple[str, ...], ...]]
"""By program: the words that have to follow, in this order; none: whatever follows."""


def table(text: str) -> Table:
    """One command on each line; alternatives of a word are separated by ``|``."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for line in text.strip().splitlines():
        names, *words = line.split()
        for name in names.split("|"):
            found[name] = (*found.get(name, ()), tuple(words))
    return found


GENERATES = table("""
prisma|prisma-client-py generate
zenstack generate
grpc_tools.protoc
protoc|grpc_tools_node_protoc|protoc-gen-grpc-ts
buf generate
openapi-generator|openapi-generator-cli|swagger-codegen|swagger-codegen-cli generate
openapi-typescript
openapi-typescript-codegen|openapi-python-client|openapi-ts|swagger-typescript-api|orval|oapi-codegen
datamodel-codegen|kysely-codegen|relay-compiler|typechain|tsoa|sqlc|gqlgen|ent|wire|mockgen
graphql-codegen|graphql-code-generator|gql-gen
tsc|vue-tsc|tsup|ncc|tsdown|unbuild|microbundle
next|vite|nest|react-scripts|nuxt|nuxi|astro|gatsby|remix|react-router|ng|strapi|medusa build
nuxt|nuxi generate|prepare
svelte-kit sync
vue-cli-service|parcel|quasar|docusaurus|vitepress|eleventy|expo|ionic|turbo|nx|lerna|blitz build
turbo|nx|lerna run build
esbuild|swc|babel|rollup|webpack|webpack-cli|rspack|farm
tailwindcss|sass|postcss
go build|generate
cargo|swift|zig|flutter|mix|stack|cabal build|compile
mvn|mvnw package|install|compile|verify
gradle|gradlew build|bootJar|assemble|jar|installDist
dotnet build|publish
rails|rake assets:precompile
mix compile|assets.deploy|phx.digest
build_runner build
make build|generate|codegen|proto
""")
COMPILES_AND_RUNS = table("""
go|cargo|dotnet run
mvn|mvnw spring-boot:run|quarkus:dev
gradle|gradlew bootRun|run|quarkusDev
nest start
""")
COLLECTS = table("""
manage|django-admin collectstatic|compilemessages|compress
flask assets build
""")
INSTALLS = table("""
pip|pip3|pipx|uv install
uv pip install
uv|pdm|rye|hatch|pipenv|pip sync
poetry|pipenv|pdm|flit install
pip-sync
conda|mamba|micromamba install|create|update
apt|apt-get|aptitude install|update|upgrade
apk add|update|upgrade
dnf|yum|microdnf|tdnf|zypper install|update
bundle|gem|composer install|update
go mod download
go get|install
cargo install|fetch
dotnet restore
mix deps.get
playwright|patchright|camoufox install|fetch
puppeteer browsers install
""")
MIGRATES = table("""
prisma migrate deploy|dev|reset
prisma db push|seed|execute
alembic upgrade|downgrade|stamp
manage|django-admin migrate|syncdb|loaddata|createcachetable
flask|quart db upgrade|migrate
aerich|litestar|advanced_alchemy upgrade
litestar database upgrade
sequelize|sequelize-cli|sqlz db:migrate|db:seed|db:seed:all|db:create
typeorm|typeorm-ts-node-commonjs|typeorm-ts-node-esm migration:run|schema:sync
mikro-orm migration:up|schema:update|schema:create
knex migrate:latest|migrate:up|seed:run
drizzle-kit migrate|push|up
rails|rake db:migrate|db:prepare|db:setup|db:create|db:seed|db:schema:load|db:reset
migrate up|goto|force
goose|dbmate up|migrate|up-by-one
flyway migrate
liquibase update
atlas migrate apply
atlas schema apply
sqlx migrate run
sqlx|diesel database setup|create
diesel|sea-orm-cli|refinery|sea migration|migrate run|up
ef database update
dotnet ef database update
artisan migrate|migrate:fresh|migrate:refresh|db:seed
console doctrine:migrations:migrate|doctrine:schema:update|d:m:m
phinx|phoenix|cake migrate
mix|ecto.migrate ecto.migrate|ecto.create|ecto.setup
node-pg-migrate|db-migrate|pg-migrate|migrate-mongo up
graphile-migrate migrate
yoyo apply
piccolo migrations forwards
tern|pgroll|shmig|sql-migrate|soda|bytebase migrate|up
hasura migrate|metadata apply
supabase db push
payload migrate
directus database migrate:latest
directus bootstrap
strapi migration:run
superset|airflow|mlflow db upgrade|migrate|init
""")
_OTHER_NAMES = re.compile(
    r"(?:(?:db|database|prisma|run|do|apply|schema)[:_-])?migrat(?:e|ions?)(?:[:_-][\w:-]*)?"
    r"|(?:db|prisma|schema)[:_-](?:push|deploy|upgrade|up|update|prepare|setup)"
)
_NAMED_BUILD = re.compile(
    r"(?:pre)?(?:build|compile|codegen|generate)(?:[:_-][\w:-]*)?"
    r"|[\w-]+[:_](?:build|compile|codegen|generate|gen)",
    re.ASCII,
)


def spoken(executed: Executed) -> tuple[str, ...]:
    """The program as people call it, and its words: ``python manage.py x`` is ``manage x``."""
    words = executed.words
    for _ in range(3):
        inner = _interpreted(words)
        if inner == words:
            break
        words = inner
    if not words:
        return ()
    if program := program_of_node(executed):
        words = (program[0], *executed.words[program[1] + 1 :])
    return (_plain(words[0]), *words[1:])


def _interpreted(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without the interpreter that runs the program."""
    name = words[0].rsplit("/", 1)[-1] if words else ""
    if _PYTHON.fullmatch(name):
        for at, word in enumerate(words[1:], 1):
            if word in {"-c", "-"}:
                return words
            if word == "-m" or not word.startswith("-"):
                return words[at + (word == "-m") :] or words
    elif name == "java" and "-jar" in words[:-1]:
        return words[words.index("-jar") + 1 :]
    elif _SCRIPT.fullmatch(name):
        at = next((at for at, word in enumerate(words[1:], 1) if not word.startswith("-")), 0)
        has_file = at and (_ENDING.search(words[at]) or "/" in words[at] or words[at] == "artisan")
        return words[at:] if has_file else words
    return words


def _plain(name: str) -> str:
    plain = _ENDING.sub("", name.rsplit("/", 1)[-1])
    return _VERSIONED.sub("", plain) or plain


def does(told: Sequence[str], known: Table) -> bool:
    """Whether these words, as ``spoken``, are one of the commands."""
    if not told or told[0] not in known or set(told) & _TALK:
        return False
    operands = [word for word in told[1:] if not word.startswith("-")]
    return any(_follows(operands, wanted) for wanted in known[told[0]])


def _follows(operands: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the words that are wanted are there, in their order; options may come between."""
    rest = iter(operands)
    return all(any(word in one.split("|") for word in rest) for one in wanted)


def generates(executed: Executed) -> bool:
    return does(spoken(executed), GENERATES) and not _SERVES & set(executed.words[1:])


def installs(executed: Executed) -> bool:
    """Whether it installs what a program needs."""
    if executed.name in MANAGERS:
        return command_of(executed).installs
    return does(spoken(executed), INSTALLS)


def migrates(executed: Executed) -> bool:
    """Whether it changes a database's schema, as its words or its program's name say."""
    told = spoken(executed)
    if does(told, MIGRATES):
        return True
    name = told[0].rpartition(".")[2] if told and told[0] != executed.words[0] else ""
    return _OTHER_NAMES.fullmatch(name) is not None and not set(told) & _TALK


def script_names(executed: Executed) -> Iterator[str]:
    """The scripts of ``package.json`` or the targets of a Makefile that a command names."""
    if executed.name in MANAGERS:
        command = command_of(executed)
        runs = command.verb in {"run", "run-script"}
        yield from command.operands[:1] if runs else (command.verb,)
    elif executed.name in {"make", "gmake", "just", "task", "invoke"}:
        yield from (word for word in executed.words[1:] if not word.startswith("-"))


def is_named_build(executed: Executed) -> bool:
    return any(map(_NAMED_BUILD.fullmatch, script_names(executed)))


def is_named_migration(executed: Executed) -> bool:
    return any(map(_OTHER_NAMES.fullmatch, script_names(executed))) or migrates(executed)
