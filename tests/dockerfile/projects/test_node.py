"""package.json, tsconfig, Prisma schemas and SQL."""

from __future__ import annotations

import json

import pytest

from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.node import Package, package_json, package_lock, script_line
from pipeline.dockerfile.projects.prisma import Field, find_schemas, migrations, schema
from pipeline.dockerfile.projects.sql import TableChange, applied, tables
from pipeline.dockerfile.projects.typescript import plain_json, tsconfig

PACKAGE = """{
  "name": "@acme/api",
  "main": "dist/index.js",
  "bin": "cli.js",
  "type": "module",
  "scripts": {
    "postinstall": "prisma generate",
    "prebuild": "rm -rf dist",
    "build": "tsc",
    "start": "node dist/index.js"
  },
  "dependencies": {"express": "^4", "broken": 1},
  "devDependencies": {"typescript": "5", "express": "3"},
  "prisma": {"schema": "db/schema.prisma"},
  "workspaces": {"packages": ["packages/*"]},
  "packageManager": "pnpm@9.0.0",
  "engines": {"node": ">=20"}
}"""


def test_a_package() -> None:
    found = package_json(PACKAGE)
    assert found is not None
    assert (found.name, found.main, found.type) == ("@acme/api", "dist/index.js", "module")
    assert found.dependencies == {"express": "^4"}
    assert found.all_dependencies == {"express": "^4", "typescript": "5"}
    assert found.prisma_schema == "db/schema.prisma"
    assert found.workspaces == ("packages/*",)
    assert found.package_manager == "pnpm@9.0.0"
    assert found.engines == {"node": ">=20"}
    assert found.run("build") == (("prebuild", "rm -rf dist"), ("build", "tsc"))
    assert found.run("absent") == ()
    assert found.on_install() == (("postinstall", "prisma generate"),)
    assert [script_line(PACKAGE, name) for name in ("build", "start", "absent")] == [9, 10, 1]


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"a": ' + "1" * 5_000 + "}"])
def test_no_package(text: str) -> None:
    assert package_json(text) is None
    assert package_lock(text) is None


def test_nonsense_in_a_package_is_empty() -> None:
    text = '{"scripts": 1, "bin": [], "workspaces": 2, "prisma": "x", "type": []}'
    assert package_json(text) == Package()


def test_lock_files() -> None:
    new = {
        "packages": {
            "": {},
            "node_modules/@a/b": {"version": "1.2"},
            "node_modules/x/node_modules/y": {"version": "2"},
            "packages/app": {},
        }
    }
    assert package_lock(json.dumps(new)) == {"@a/b": "1.2"}
    assert package_lock('{"dependencies": {"a": {"version": "1"}}}') == {"a": "1"}


def test_tsconfig() -> None:
    found = tsconfig("""{
      // comment
      "extends": "./base.json", /* more
      */ "compilerOptions": {
        "outDir": "./dist", "rootDir": "src", "module": "NodeNext",
        "paths": {"@/*": ["src/*"],},
      },
      "include": ["src/**/*", "https://not//a comment",],
    }""")
    assert found is not None
    assert (found.extends, found.out_dir, found.root_dir) == (("./base.json",), "./dist", "src")
    assert found.include == ("src/**/*", "https://not//a comment")
    assert (found.module, found.no_emit) == ("nodenext", False)
    assert found.paths == ("@/*",)
    assert tsconfig("{,") is None


def test_lines_stay_when_comments_go() -> None:
    assert plain_json('{ // a\n/* b\n*/ "c": [1, ], }') == '{ \n\n "c": [1 ] }'


SCHEMA = """
// a comment with model X {
generator client {
  provider        = "prisma-client-js" // and more
  output          = "../src/generated"
  binaryTargets   = [
    "native",
    "linux-musl-openssl-3.0.x"
  ]
  engineType      = "binary"
}
generator py { provider = "prisma-client-py" }
datasource db {
  provider  = "postgresql"
  url       = env("DATABASE_URL")
  directUrl = env("DIRECT_URL")
}
/// Documented
model User {
  id      Int      @id @default(autoincrement())
  email   String?  @unique @map("e_mail") // note
  posts   Post[]
  role    Role     @default(USER)
  site    String   @default("https://x.y//z")
  vector  Unsupported("vector(3)")?

  @@index([email])
  @@map("users")
}
model Post {
  id Int @id
  authorId Int
  author User @relation(fields: [authorId], references: [id])
}
enum Role {
  USER
  ADMIN @map("admin")
}
"""


def test_a_schema() -> None:
    found = schema(SCHEMA)
    assert found is not None
    client, python = found.generators
    assert (client.name, client.line, client.provider) == ("client", 3, "prisma-client-js")
    assert client.output == "../src/generated"
    assert client.binary_targets == ("native", "linux-musl-openssl-3.0.x")
    assert client.engine_type == "binary"
    assert (python.provider, python.line) == ("prisma-client-py", 12)
    (source,) = found.datasources
    assert source.provider == "postgresql"
    user, post, role = found.models
    assert (user.name, user.table, user.line, user.kind) == ("User", "users", 19, "model")
    assert [one.column for one in found.columns(user)] == ["id", "e_mail", "role", "site", "vector"]
    assert user.fields[1] == Field(
        "email", "String", "e_mail", 21, optional=True, attributes='@unique @map("e_mail")'
    )
    assert user.fields[2].many
    assert [one.column for one in found.columns(post)] == ["id", "authorId"]
    assert (role.kind, [one.name for one in role.fields]) == ("enum", ["USER", "ADMIN"])


@pytest.mark.parametrize(
    ("files", "schemas"),
    [
        ({"prisma/schema.prisma": ""}, ("prisma/schema.prisma",)),
        ({"schema.prisma": "", "prisma/schema.prisma": ""}, ("schema.prisma",)),
        (
            {"package.json": '{"prisma": {"schema": "./db/s.prisma"}}', "db/s.prisma": ""},
            ("db/s.prisma",),
        ),
        ({"package.json": '{"prisma": {"schema": "db/s.prisma"}}', "schema.prisma": ""}, ()),
        (
            {"prisma.config.ts": "export default {\n  schema: 'db',\n}", "db/a.prisma": ""},
            ("db/a.prisma",),
        ),
        (
            {"pyproject.toml": '[tool.prisma]\nschema = "db/s.prisma"', "db/s.prisma": ""},
            ("db/s.prisma",),
        ),
        (
            {"prisma/schema/a.prisma": "", "prisma/schema/b.prisma": ""},
            ("prisma/schema/a.prisma", "prisma/schema/b.prisma"),
        ),
        ({"src/x.ts": ""}, ()),
    ],
)
def test_where_the_schema_is(files: dict[str, str], schemas: tuple[str, ...]) -> None:
    assert find_schemas(BuildContext.of(files)) == schemas
    inside = {f"api/{path}": text for path, text in files.items()}
    found = find_schemas(BuildContext.of(inside), "api")
    assert found == tuple(f"api/{path}" for path in schemas)


def test_migrations() -> None:
    context = BuildContext.of(
        {
            "prisma/schema.prisma": "",
            "prisma/migrations/2_b/migration.sql": b"\0",
            "prisma/migrations/1_a/migration.sql": "CREATE TABLE a (id int)",
            "prisma/migrations/migration_lock.toml": "",
        }
    )
    assert migrations(context, "prisma/schema.prisma") == (
        ("prisma/migrations/1_a/migration.sql", "CREATE TABLE a (id int)"),
        ("prisma/migrations/2_b/migration.sql", None),
    )
    assert migrations(context, "prisma/schema/a.prisma")[0][0].endswith("1_a/migration.sql")
    assert migrations(context, "db/schema.prisma") == ()


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        (
            '-- CreateTable\nCREATE TABLE "User" (\n "id" SERIAL NOT NULL,\n'
            " \"e\" TEXT DEFAULT 'a,b;',"
            ' "n" NUMERIC(10,2),\n CONSTRAINT "pk" PRIMARY KEY ("id", "e")\n) WITH (a=1, b=2);',
            [TableChange("create", "User", 2, ("id", "e", "n"))],
        ),
        (
            "CREATE TEMP TABLE IF NOT EXISTS public.x (a int, PRIMARY KEY (a), `key` int)",
            [TableChange("create", "x", 1, ("a", "key"))],
        ),
        ("CREATE TABLE x AS SELECT 1", [TableChange("create", "x", 1, complete=False)]),
        (
            "CREATE TABLE x (LIKE y, a int)",
            [TableChange("create", "x", 1, ("a",), complete=False)],
        ),
        (
            'ALTER TABLE ONLY "User" ADD COLUMN IF NOT EXISTS "a" INT, ADD b INT,\n'
            'DROP COLUMN "c", ADD CONSTRAINT x UNIQUE (a, b), ALTER COLUMN d SET NOT NULL',
            [TableChange("alter", "User", 1, ("a", "b"), ("c",))],
        ),
        ("ALTER TABLE t RENAME COLUMN a TO b", [TableChange("alter", "t", 1, ("b",), ("a",))]),
        ("ALTER TABLE t RENAME TO s.u", [TableChange("rename", "t", 1, to="u")]),
        ("ALTER TABLE t CHANGE a b INT", [TableChange("alter", "t", 1, ("b",), ("a",))]),
        ("RENAME TABLE a TO b", [TableChange("rename", "a", 1, to="b")]),
        (
            "DROP TABLE IF EXISTS a, public.b CASCADE",
            [TableChange("drop", "a", 1), TableChange("drop", "b", 1)],
        ),
        ("/* CREATE TABLE a (b int); */ SELECT 'CREATE TABLE c (d int)';", []),
        (
            "CREATE FUNCTION f() AS $x$ CREATE TABLE a (b int); $x$;\nDROP TABLE z",
            [TableChange("drop", "z", 2)],
        ),
        (
            "DO $$ BEGIN ALTER TABLE a ADD b INT; END $$;",
            [TableChange("unknown", "", 1, complete=False)],
        ),
        ("CREATE INDEX i ON t (a); CREATE TYPE r AS ENUM ('a')", []),
        ("CREATE TABLE", []),
        ("", []),
    ],
)
def test_sql(sql: str, changes: list[TableChange]) -> None:
    assert list(tables(sql)) == changes


def test_what_holds_after_all_migrations() -> None:
    sql = """
    CREATE TABLE "User" (id int, old int);
    CREATE TABLE "new_User" (id int, name text);
    DROP TABLE "User";
    ALTER TABLE "new_User" RENAME TO "User";
    ALTER TABLE "User" ADD COLUMN age int;
    ALTER TABLE elsewhere ADD COLUMN x int;
    CREATE TABLE copy AS SELECT * FROM "User";
    """
    assert applied(tables(sql)) == {"User": frozenset({"id", "name", "age"}), "copy": None}
    assert applied(tables("CALL everything()")) is None
