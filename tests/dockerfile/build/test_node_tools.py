from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dockerfile.build.building import (
    build_of,
    commands,
    details,
    maker,
    package,
    state,
)

NODE = "FROM node:20-slim\nWORKDIR /app\nCOPY . .\n"
MODULES = "/app/node_modules"
CLIENT = f"{MODULES}/.prisma/client"
SCHEMA = 'generator client {\n  provider = "prisma-client-js"\n}\n'
NEWER = 'generator client {\n  provider = "prisma-client"\n  output = "../src/g"\n}\n'
DEPENDENCIES = {"dependencies": {"express": "^4"}, "devDependencies": {"typescript": "^5"}}
PRISMA = {"dependencies": {"@prisma/client": "^6.1.0"}, "devDependencies": {"prisma": "^6.1.0"}}


@pytest.mark.parametrize(
    ("command", "express", "typescript"),
    [
        ("npm ci", "present", "present"),
        ("npm install", "present", "present"),
        ("npm i --omit=dev", "present", "absent"),
        ("npm ci --omit dev", "present", "absent"),
        ("npm ci --only=production", "present", "absent"),
        ("npm install --production", "present", "absent"),
        ("NODE_ENV=production npm ci", "present", "absent"),
        ("NODE_ENV=production npm ci --include=dev", "present", "present"),
        ("npm ci && npm prune --omit=dev", "present", "absent"),
        ("yarn", "present", "present"),
        ("yarn install --frozen-lockfile --production", "present", "unknown"),
        ("pnpm install --frozen-lockfile", "present", "present"),
        ("pnpm i --prod", "present", "absent"),
        ("bun install --production", "present", "unknown"),
        ("npm ci || true", "present", "present"),
        ("true", "absent", "absent"),
        ("npm --prefix sub ci", "absent", "absent"),
    ],
)
def test_installs(command: str, express: str, typescript: str) -> None:
    lock = {"packages": {"node_modules/typescript": {"dev": True}, "node_modules/express": {}}}
    files = {**package(**DEPENDENCIES), "package-lock.json": json.dumps(lock)}
    build = build_of(f"{NODE}RUN {command}\n", files)
    assert state(build, f"{MODULES}/express") == express
    assert state(build, f"{MODULES}/typescript") == typescript
    assert state(build, f"{MODULES}/.bin/tsc") == typescript


def test_what_an_install_brings_besides_is_not_known() -> None:
    build = build_of(f"{NODE}RUN npm ci\n", package(**DEPENDENCIES))
    assert state(build, f"{MODULES}/body-parser") == "unknown"
    assert state(build, "/app/dist") == "absent"
    assert maker(build, MODULES) == "npm"


def test_without_a_lock_file_a_development_package_may_be_needed_by_another() -> None:
    build = build_of(f"{NODE}RUN npm ci --omit=dev\n", package(**DEPENDENCIES))
    assert state(build, f"{MODULES}/typescript") == "unknown"


def test_a_clean_install_begins_anew() -> None:
    files = {**package(dependencies={}), "node_modules/old/index.js": ""}
    assert (
        state(build_of(f"{NODE}RUN npm install\n", files), f"{MODULES}/old/index.js") == "present"
    )
    assert state(build_of(f"{NODE}RUN npm ci\n", files), f"{MODULES}/old/index.js") == "unknown"


def test_packages_are_noted() -> None:
    build = build_of(f"{NODE}RUN pnpm add fastify@4 ./local\n", package(**DEPENDENCIES))
    found = {(one.name, one.version, one.tool) for one in build.final.machine.installed}
    assert {("fastify", "4", "pnpm"), ("express", "^4", "pnpm")} <= found
    assert not any("local" in name for name, _, _ in found)


def test_plug_and_play_has_no_node_modules() -> None:
    files = {**package(**DEPENDENCIES, packageManager="yarn@4.1.0"), ".yarnrc.yml": ""}
    build = build_of(f"{NODE}RUN yarn install\n", files)
    assert state(build, MODULES) == "unknown"
    files[".yarnrc.yml"] = "nodeLinker: node-modules\n"
    assert state(build_of(f"{NODE}RUN yarn install\n", files), MODULES) == "present"


def test_workspaces_have_modules_of_their_own() -> None:
    files = {**package(workspaces=["apps/*", "server"]), "apps/web/package.json": "{}"}
    build = build_of(f"{NODE}RUN npm ci\n", files)
    assert state(build, "/app/apps/web/node_modules/x") == "unknown"
    assert state(build, "/app/server/node_modules/x") == "unknown"
    assert state(build, "/app/lib/node_modules/x") == "absent"


@pytest.mark.parametrize(
    ("lines", "program"),
    [
        ("RUN npm install -g pm2", "/usr/local/bin/pm2-runtime"),
        ("RUN npm i -g typescript@5 --prefix /opt/x", "/opt/x/bin/tsc"),
        ("ENV NPM_CONFIG_PREFIX=/home/node/.npm-global\nRUN npm i -g serve",
         "/home/node/.npm-global/bin/serve"),
        ("RUN npm config set prefix /opt/n && npm i --global nodemon", "/opt/n/bin/nodemon"),
        ("RUN npm config set prefix='~/.npm' && npm i --location=global nodemon",
         "/root/.npm/bin/nodemon"),
        ("RUN yarn global add serve", "/usr/local/bin/serve"),
        ("ENV PNPM_HOME=/pnpm\nRUN pnpm add -g turbo", "/pnpm/turbo"),
        ("RUN bun add -g prisma", "/root/.bun/bin/prisma"),
        ("RUN corepack enable", "/usr/local/bin/pnpm"),
        ("RUN corepack enable --install-directory /opt/bin yarn", "/opt/bin/yarn"),
    ],
)  # fmt: skip
def test_global_installs(lines: str, program: str) -> None:
    build = build_of(f"{NODE}{lines}\n")
    assert maker(build, program) in {"npm", "corepack"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm uninstall -g pm2", "absent"),
        ("npm rm --global pm2", "absent"),
        ("npm uninstall -g other", "present"),
        ("if [ -f x ]; then npm uninstall -g pm2; fi", "present"),
    ],
)
def test_global_removals(command: str, expected: str) -> None:
    build = build_of(f"{NODE}RUN npm install -g pm2\nRUN {command}\n")
    assert state(build, "/usr/local/bin/pm2-runtime") == expected
    assert state(build, "/usr/local/lib/node_modules/pm2") == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm uninstall express", "absent"),
        ("yarn remove express", "absent"),
        ("pnpm rm express", "absent"),
        ("npm uninstall other", "present"),
        ("if [ -f x ]; then npm uninstall express; fi", "present"),
    ],
)
def test_removals(command: str, expected: str) -> None:
    build = build_of(f"{NODE}RUN npm install\nRUN {command}\n", package(**DEPENDENCIES))
    assert state(build, f"{MODULES}/express") == expected


def test_a_package_is_deployed_with_what_it_needs() -> None:
    build = build_of(f"{NODE}RUN pnpm --filter api deploy --prod /out\n", package(name="x"))
    entry = build.in_image("/out").entry
    assert entry is not None
    assert (entry.maker, entry.directory) == ("npm", True)
    assert state(build, "/out/node_modules") == "unknown"
    assert state(build, "/elsewhere") == "absent"


def test_a_global_package_that_is_not_known_may_bring_any_program() -> None:
    build = build_of(f"{NODE}RUN npm i -g some-odd-thing --prefix /opt/x\n")
    assert state(build, "/opt/x/bin/anything") == "unknown"
    assert state(build, "/opt/x/lib/node_modules/some-odd-thing") == "present"


def test_scripts_are_followed() -> None:
    scripts = {
        "prebuild": "rimraf dist",
        "build": "npm run compile -- --pretty && echo done",
        "compile": "tsc",
        "postbuild": "cp a.txt b.txt",
    }
    files = {**package(scripts=scripts), "tsconfig.json": '{"compilerOptions":{"outDir":"out"}}'}
    build = build_of(f"{NODE}RUN npm run build\n", files)
    assert commands(build) == [
        "npm run build", "rimraf dist", "npm run compile -- --pretty", "tsc --pretty", "echo done",
        "cp a.txt b.txt",
    ]  # fmt: skip
    assert maker(build, "/app/out") == "tsc"
    step = next(one for one in build.final.steps if one.executed and one.executed.name == "tsc")
    assert (step.place.file, step.place.line) == ("package.json", 5)
    path = step.executed.shell.variables["PATH"] if step.executed else None
    assert path is not None
    assert path.startswith("/app/node_modules/.bin:/node_modules/.bin:")


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("yarn build", ["tsc -b"]),
        ("yarn run build", ["tsc -b"]),
        ("pnpm build", ["tsc -b"]),
        ("pnpm run --silent build", ["tsc -b"]),
        ("bun run build", ["tsc -b"]),
        ("npm run --prefix . build", ["tsc -b"]),
        ("node --run build", ["tsc -b"]),
        ("yarn tsc --noEmit", ["tsc --noEmit"]),
        ("npm test", ["jest"]),
        ("npm run missing", []),
        ("npm --version", []),
        ("npm run build --workspace api", []),
        ("pnpm --filter api build", []),
        ("yarn workspace api build", []),
        ("bun build ./a.ts --outdir out", []),
        ("run-s build test", ["npm run build", "tsc -b", "npm run test", "jest"]),
        ("npx npm-run-all -p build:*", ["npm run build:a", "swc a"]),
        ("npx concurrently npm:build 'echo x'", ["npm run build", "tsc -b", "echo x"]),
    ],
)
def test_what_is_run_in_turn(command: str, runs: list[str]) -> None:
    scripts = {"build": "tsc -b", "test": "jest", "build:a": "swc a", "build:a:b": "swc b"}
    build = build_of(f"{NODE}RUN {command}\n", package(scripts=scripts))
    assert commands(build)[1:] == runs


def test_another_package_of_a_monorepo_is_not_followed() -> None:
    files = package(scripts={"build": "tsc"})
    commands_of_many = ("npm run build -w api", "pnpm -r build", "yarn workspace api build",
                        "npx turbo run build", "npx nx build")  # fmt: skip
    for command in commands_of_many:
        assert state(build_of(f"{NODE}RUN {command}\n", files), "/app/dist") == "unknown", command


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("npm ci", ["echo post", "echo prepare"]),
        ("npm ci --ignore-scripts", []),
        ("npm install express", []),
        ("npm install -g express", []),
        ("yarn install --production", ["echo post"]),
        ("NPM_CONFIG_IGNORE_SCRIPTS=true npm ci", []),
    ],
)
def test_the_own_scripts_of_an_install(command: str, runs: list[str]) -> None:
    files = package(scripts={"postinstall": "echo post", "prepare": "echo prepare"})
    assert commands(build_of(f"{NODE}RUN {command}\n", files))[1:] == runs


def test_what_a_script_does_in_a_condition_is_not_certain() -> None:
    build = build_of(
        f"{NODE}RUN if [ -f x ]; then npm run build; fi\n", package(scripts={"build": "tsc"})
    )
    step = next(one for one in build.final.steps if one.executed and one.executed.name == "tsc")
    assert step.executed is not None
    assert not step.executed.certain


@pytest.mark.parametrize("script", ["npm run a", "npm run a && npm run a", "yarn a; pnpm a"])
def test_scripts_that_run_themselves_come_to_an_end(script: str) -> None:
    build = build_of(f"{NODE}RUN npm run a\nCMD npm run a\n", package(scripts={"a": script}))
    assert commands(build)
    assert not build.start.complete


def test_make_is_followed() -> None:
    makefile = "OUT = dist\nall: clean\n\t@tsc --outDir $(OUT)\nclean:\n\trm -rf $(OUT) $$HOME/x\n"
    build = build_of(f"{NODE}RUN make\n", {"Makefile": makefile})
    assert commands(build) == ["make", "rm -rf dist /root/x", "tsc --outDir dist"]
    assert maker(build, "/app/dist") == "tsc"


def test_a_recipe_has_no_arguments_of_its_caller() -> None:
    files = {"start.sh": "#!/bin/sh\nmake\n", "Makefile": "all:\n\tmkdir made$$1\n"}
    build = build_of(f"{NODE}RUN sh start.sh given\n", files)
    assert state(build, "/app/made") == "present"


def test_make_without_a_known_target_may_do_anything() -> None:
    assert state(build_of(f"{NODE}RUN make all\n", {"Makefile": "include x.mk\n"}), "/app/d") == (
        "unknown"
    )


@pytest.mark.parametrize(
    ("command", "files", "path", "made_by"),
    [
        ("tsc", {"tsconfig.json": '{"compilerOptions": {"outDir": "./build"}}'}, "build", "tsc"),
        ("tsc -p s", {"s/tsconfig.json": '{"compilerOptions": {"outDir": "../o"}}'}, "o", "tsc"),
        ("tsc --outDir lib a.ts", {}, "lib", "tsc"),
        ("npx tsc -p tsconfig.build.json", {
            "tsconfig.build.json": '{"extends": "./tsconfig.json", /* x */ "exclude": ["a"],}',
            "tsconfig.json": '{"compilerOptions": {"outDir": "dist"}}'}, "dist", "tsc"),
        ("node node_modules/typescript/bin/tsc --outDir lib", {}, "lib", "tsc"),
        ("nest build", {"tsconfig.json": '{"compilerOptions": {"outDir": "./d"}}'}, "d", "nest"),
        ("npx @nestjs/cli@10 build", {"tsconfig.json": "{}"}, "dist", "nest"),
        ("nest --config nest.json build",
         {"tsconfig.json": '{"compilerOptions": {"outDir": "./d"}}'}, "d", "nest"),
        ("npx next build", {"next.config.js": "module.exports = {output: 'standalone'}"},
         ".next/standalone", "next"),
        ("npx next build", {}, ".next", "next"),
        ("npx vite build", {}, "dist", "vite"),
        ("npx vite build --outDir public", {}, "public", "vite"),
        ("npx vite build", {"vite.config.ts":
            'import { defineConfig } from "vite"; import react from "@vitejs/plugin-react"'},
         "dist", "vite"),
        ("npx tsup src/index.ts", {}, "dist", "tsup"),
        ("npx esbuild a.ts --bundle --outfile=dist/a.js", {}, "dist/a.js", "esbuild"),
        ("npx swc src -d lib", {}, "lib", "swc"),
        ("npx ncc build a.ts", {}, "dist", "ncc"),
        ("npx react-scripts build", {}, "build", "react-scripts"),
        ("bun build a.ts --outdir ./o", {}, "o", "bun"),
    ],
)  # fmt: skip
def test_compilers(command: str, files: dict[str, str], path: str, made_by: str) -> None:
    build = build_of(f"{NODE}RUN {command}\n", files)
    assert maker(build, f"/app/{path}") == made_by
    assert "." in path or state(build, f"/app/{path}/something") == "unknown"


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        ("tsc --noEmit", {}, "absent"),
        ("tsc --help", {}, "absent"),
        ("tsc --init", {}, "absent"),
        ("tsc", {"tsconfig.json": '{"compilerOptions": {"noEmit": true}}'}, "absent"),
        ("tsc", {"tsconfig.json": '{"compilerOptions": {"outDir": "elsewhere"}}'}, "absent"),
        ("tsc", {}, "unknown"),
        ("tsc", {"tsconfig.json": "{}"}, "unknown"),
        ("tsc", {"tsconfig.json": '{"extends": "@tsconfig/node20"}'}, "unknown"),
        ("npx vite build", {"vite.config.ts": 'import x from "vite-plugin-x"'}, "unknown"),
        ("npx webpack", {}, "unknown"),
        ("npx eslint .", {}, "absent"),
        ("npx next build", {"next.config.js": "module.exports = {distDir: 'dist'}"}, "unknown"),
        ("npx some-generator", {}, "unknown"),
    ],
)
def test_whether_a_folder_may_be_there(command: str, files: dict[str, str], expected: str) -> None:
    assert state(build_of(f"{NODE}RUN {command}\n", files), "/app/dist") == expected


ROOTED = json.dumps({"compilerOptions": {"outDir": "./dist", "rootDir": "./src"}})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("dist", "present"),
        ("dist/main.js", "present"),
        ("dist/api/users.js", "present"),
        ("dist/api", "present"),
        ("dist/view.js", "present"),
        ("dist/server.js", "absent"),
        ("dist/src/main.js", "absent"),
        ("dist/api/missing.js", "absent"),
        ("dist/package.json", "absent"),
        ("dist/main.js.map", "unknown"),
        ("dist/main.d.ts", "unknown"),
    ],
)
def test_with_a_root_the_output_is_known_file_by_file(path: str, expected: str) -> None:
    files = {"tsconfig.json": ROOTED, "src/main.ts": "", "src/api/users.mts": "",
             "src/view.tsx": "", "src/api/users.ts": ""}  # fmt: skip
    dockerfile = f"{NODE}RUN npx tsc\nFROM node:20\nCOPY --from=0 /app/dist /app/dist\n"
    assert state(build_of(dockerfile, files), f"/app/{path}") == expected


def test_sources_that_are_not_known_leave_the_output_open() -> None:
    files = {"tsconfig.json": ROOTED}
    build = build_of(f"{NODE}RUN ./generate src\nRUN npx tsc\n", files)
    assert state(build, "/app/dist/main.js") == "unknown"


def test_what_is_compiled_can_be_listed() -> None:
    files = {"tsconfig.json": ROOTED, "src/a/b.ts": "", "src/c.d.ts": "", "src/e.json": ""}
    build = build_of(f"{NODE}RUN npx tsc\n", files)
    below = {*build.final.machine.files.below("/app/dist")}
    assert below == {"/app/dist/a/b.js", "/app/dist/e.json"}


def test_compilers_of_compilers_come_to_an_end() -> None:
    lines = ["FROM node:20 AS s0", "WORKDIR /app", "COPY . ."]
    for at in range(1, 300):
        lines += [
            f"FROM node:20 AS s{at}", "WORKDIR /app", f"COPY --from=s{at - 1} /app/src src",
            "COPY tsconfig.json .", "RUN npx tsc", "RUN rm -rf src && mv dist src",
        ]  # fmt: skip
    build = build_of("\n".join(lines), {"tsconfig.json": ROOTED, "src/a.ts": ""})
    assert state(build, "/app/src/a.js") in {"present", "unknown"}


def test_projects_that_refer_to_others() -> None:
    references = {"files": [], "references": [{"path": "./a"}, {"path": "./tsconfig.b.json"}]}
    files = {
        "tsconfig.json": json.dumps(references),
        "a/tsconfig.json": '{"compilerOptions": {"outDir": "out"}}',
        "tsconfig.b.json": '{"compilerOptions": {"noEmit": true}}',
    }
    build = build_of(f"{NODE}RUN npx tsc -b\n", files)
    assert maker(build, "/app/a/out") == "tsc"
    assert state(build, "/app/dist") == "absent"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("module.exports = { reactStrictMode: true }", "absent"),
        ("module.exports = { output: process.env.OUTPUT }", "unknown"),
        ("module.exports = { ...shared }", "unknown"),
    ],
)
def test_a_next_build_without_standalone(config: str, expected: str) -> None:
    build = build_of(f"{NODE}RUN npx next build\n", {"next.config.js": config})
    assert state(build, "/app/.next/standalone") == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm ci", "present"),
        ("yarn", "present"),
        ("npm ci --ignore-scripts", "absent"),
        ("npm ci --omit=dev", "absent"),  # prisma itself is missing then
        ("PRISMA_SKIP_POSTINSTALL_GENERATE=1 npm ci", "absent"),
        ("pnpm install", "unknown"),  # newer ones ask before they run scripts
        ("npm ci --ignore-scripts && npx prisma generate", "present"),
        ("npm ci --ignore-scripts && node node_modules/prisma/build/index.js generate", "present"),
        ("npm ci --ignore-scripts && yarn prisma generate", "present"),
        ("npm ci --ignore-scripts && npx prisma@6 generate --generator client", "present"),
        ("npm ci --ignore-scripts && npx prisma generate --generator other", "absent"),
        ("npm ci --ignore-scripts && npx prisma validate", "absent"),
    ],
)
def test_the_client_of_an_install(command: str, expected: str) -> None:
    files = {**package(**PRISMA), "prisma/schema.prisma": SCHEMA}
    assert state(build_of(f"{NODE}RUN {command}\n", files), CLIENT) == expected


def test_no_client_where_the_schema_comes_later() -> None:
    dockerfile = "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\nCOPY . .\n"
    files = {**package(**PRISMA), "prisma/schema.prisma": SCHEMA}
    assert state(build_of(dockerfile, files), CLIENT) == "absent"
    assert state(build_of(f"{dockerfile}RUN npx prisma generate\n", files), CLIENT) == "present"


def test_version_seven_does_not_generate_on_install() -> None:
    newer = {"dependencies": {"@prisma/client": "^7.0.0", "prisma": "^7.0.0"}}
    files = {**package(**newer), "prisma/schema.prisma": SCHEMA}
    assert state(build_of(f"{NODE}RUN npm ci\n", files), CLIENT) == "absent"


@pytest.mark.parametrize(
    ("lines", "openssl", "libc"),
    [
        ("FROM node:20-slim", "no", "glibc"),
        ("FROM node:20-slim\nRUN apt-get update && apt-get install -y openssl", "yes", "glibc"),
        ("FROM node:20", "yes", "glibc"),
        ("FROM node:20-slim\nRUN apt-get install -y ca-certificates", "yes", "glibc"),
        ("FROM node:20-slim\nRUN apt-get install -y curl", "unknown", "glibc"),
        ("FROM node:20-alpine", "no", "musl"),
        ("FROM node:20-alpine\nRUN apk add --no-cache openssl", "yes", "musl"),
        ("FROM example.com/ours", "unknown", ""),
    ],
)
def test_a_client_tells_where_it_was_generated(lines: str, openssl: str, libc: str) -> None:
    schema = SCHEMA.replace("\n}", '\n  binaryTargets = ["native", "linux-musl"]\n}')
    files = {"prisma/schema.prisma": schema}
    build = build_of(f"{lines}\nWORKDIR /app\nCOPY . .\nRUN npx prisma generate\n", files)
    told = dict(part.split("=") for part in details(build, CLIENT).split())
    assert (told["openssl"], told["libc"]) == (openssl, libc)
    assert told["targets"] == "native,linux-musl"


@pytest.mark.parametrize(
    ("files", "command", "path"),
    [
        ({"prisma/schema.prisma": NEWER}, "npx prisma generate", "/app/src/g"),
        ({"db/schema.prisma": SCHEMA}, "npx prisma generate --schema db/schema.prisma", CLIENT),
        ({"db/a.prisma": SCHEMA, **package(prisma={"schema": "db"})}, "prisma generate", CLIENT),
        ({"db/a.prisma": SCHEMA, "prisma.config.ts": 'export default { schema: "db/a.prisma" }'},
         "npx prisma generate", CLIENT),
        ({"api/schema.prisma": SCHEMA, "api/package.json": "{}"},
         "cd api && npx prisma generate", "/app/api/node_modules/.prisma/client"),
    ],
)  # fmt: skip
def test_which_schema_is_meant(files: dict[str, str], command: str, path: str) -> None:
    assert maker(build_of(f"{NODE}RUN {command}\n", files), path) == "prisma-client"


def test_a_schema_that_is_not_known_leaves_the_client_open() -> None:
    config = {"prisma.config.ts": "export default { schema: join(folder, name) }"}
    build = build_of(f"{NODE}RUN npx prisma generate\n", {**config, "schema.prisma": SCHEMA})
    assert state(build, CLIENT) == "unknown"
    assert state(build_of(f"{NODE}RUN npx prisma generate\n"), CLIENT) == "absent"


PYTHON_SCHEMA = {"schema.prisma": 'generator client {\n  provider = "prisma-client-py"\n}\n'}
SITE = "/usr/local/lib/python3/site-packages"
ENGINES = "/root/.cache/prisma-python"


@pytest.mark.parametrize(
    ("lines", "client", "engines"),
    [
        ("RUN pip install prisma && prisma generate", SITE, ENGINES),
        ("RUN pip install prisma && python -m prisma generate", SITE, ENGINES),
        ("RUN pip install --user prisma && python -m prisma generate",
         "/root/.local/lib/python3/site-packages", ENGINES),
        ("RUN python -m venv /v && /v/bin/pip install prisma && /v/bin/prisma generate",
         "/v/lib/python3/site-packages", ENGINES),
        ("ENV PRISMA_BINARY_CACHE_DIR=/engines\nRUN pip install prisma && prisma generate",
         SITE, "/engines"),
        ("ENV PRISMA_HOME_DIR=/srv\nRUN pip install prisma && prisma generate",
         SITE, "/srv/.cache/prisma-python"),
    ],
)  # fmt: skip
def test_pythons_client(lines: str, client: str, engines: str) -> None:
    build = build_of(f"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n{lines}\n", PYTHON_SCHEMA)
    assert maker(build, f"{client}/prisma/client.py") == "prisma-python-client"
    assert maker(build, engines) == "prisma-python-engines"


def test_pythons_engines_are_fetched_by_themselves_too() -> None:
    build = build_of("FROM python:3.12-slim\nRUN pip install prisma && prisma py fetch\n")
    assert maker(build, ENGINES) == "prisma-python-engines"
    assert maker(build, f"{SITE}/prisma/client.py") is None


def test_node_fetches_no_engines_for_python() -> None:
    build = build_of(f"{NODE}RUN npx prisma generate\n", PYTHON_SCHEMA)
    assert state(build, ENGINES) != "present"


def test_where_the_engines_go_may_stand_in_pyproject() -> None:
    files = {**PYTHON_SCHEMA, "pyproject.toml": '[tool.prisma]\nbinary_cache_dir = ".engines"\n'}
    build = build_of(
        "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install prisma && prisma generate\n",
        files,
    )
    assert maker(build, "/app/.engines") == "prisma-python-engines"


WORDS = st.sampled_from([
    "npm", "ci", "install", "run", "build", "-g", "--prefix", "--omit=dev", "yarn", "pnpm", "bun",
    "add", "@a/b@1", "@", "--", "-C", "$X", "npx", "prisma", "generate", "--schema", "x", "tsc",
    "-p", "--outDir", "nest", "next", "vite", "corepack", "enable", "config", "set", "prefix",
    "node", "--run", "concurrently", "run-s", "make", "-f", "python", "-m", "py", "fetch", "prune",
    "global", "rimraf", "deploy", "node_modules/.bin/tsc", "esbuild", "--outfile", "",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=5), st.text(max_size=200))
def test_no_command_line_breaks_it(lines: list[list[str]], text: str) -> None:
    runs = "".join(f"RUN {json.dumps(line)}\nRUN {' '.join(line)}\n" for line in lines)
    files = dict.fromkeys(
        ("schema.prisma", "tsconfig.json", "Makefile", "package-lock.json", ".npmrc"), text
    )
    files |= package(scripts={"build": text, "x": "npm run build"}, **PRISMA)
    build = build_of(NODE + runs, files)
    assert all(state(build, path) for path in (CLIENT, "/app/dist", "/usr/local/bin/tsc"))


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("npm run build --workspace @acme/api", "present"),
        ("npm run build -w apps/api", "unknown"),
        ("npm run build --workspace ./apps/api", "present"),
        ("pnpm --filter @acme/api build", "present"),
        ("pnpm -F @acme/api run build", "present"),
        ("bun run --filter @acme/api build", "present"),
        ("pnpm --filter '@acme/*' build", "unknown"),
        ("pnpm --filter @acme/api... build", "unknown"),
        ("pnpm -r build", "unknown"),
        ("npm run build --workspaces", "unknown"),
        ("yarn build --filter=@acme/api", "unknown"),
        ("npm run build -w @acme/other", "unknown"),
    ],
)
def test_the_script_of_one_workspace(command: str, made: str) -> None:
    files = {
        "package.json": json.dumps({"private": True, "scripts": {"build": "turbo build"}}),
        "apps/api/package.json": json.dumps(
            {"name": "@acme/api", "scripts": {"build": "mkdir made"}}
        ),
    }
    assert state(build_of(f"{NODE}RUN {command}\n", files), "/app/apps/api/made") == made


@pytest.mark.parametrize(
    ("line", "more", "client"),
    [
        ("npm i -g pnpm@10", {}, "absent"),
        ("npm i -g pnpm@latest", {}, "absent"),
        ("npm i -g pnpm@latest-10", {}, "absent"),
        ("corepack enable && corepack prepare pnpm@10.1.0 --activate", {}, "absent"),
        ("corepack enable", {"packageManager": "pnpm@10.12.1+sha512.abc"}, "absent"),
        ("npm i -g pnpm@10", {"pnpm": {"onlyBuiltDependencies": ["esbuild"]}}, "absent"),
        ("npm i -g pnpm@10", {"pnpm": {"onlyBuiltDependencies": ["@prisma/client"]}}, "unknown"),
        ("npm i -g pnpm@10", {"pnpm": {"neverBuiltDependencies": []}}, "unknown"),
        ("npm i -g pnpm@9", {}, "unknown"),
        ("npm i -g pnpm@9", {"packageManager": "pnpm@10.0.0"}, "unknown"),
        ("npm i -g pnpm", {}, "unknown"),
        ("npm i -g pnpm@10 && pnpm config set dangerouslyAllowAllBuilds true", {}, "unknown"),
        ("npm i -g pnpm@10 && echo dangerously-allow-all-builds=true > .npmrc", {}, "unknown"),
    ],
)
def test_which_pnpm_runs_the_scripts_of_packages(
    line: str, more: dict[str, object], client: str
) -> None:
    files = {**package(**PRISMA, **more), "prisma/schema.prisma": SCHEMA}
    assert state(build_of(f"{NODE}RUN {line}\nRUN pnpm install\n", files), CLIENT) == client


def test_a_rebuild_runs_the_scripts_after_all() -> None:
    files = {**package(**PRISMA), "prisma/schema.prisma": SCHEMA}
    build = build_of(f"{NODE}RUN npm ci --ignore-scripts && npm rebuild\n", files)
    assert state(build, CLIENT) == "unknown"


MEMBERS = {
    "pnpm-workspace.yaml": "packages:\n  - 'p/*'\n", **package(name="root"),
    "p/a/package.json": json.dumps({"name": "a", **PRISMA}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "state_of_client"),
    [
        ({}, "absent"),
        ({"p/a/prisma/schema.prisma": SCHEMA}, "unknown"),
        ({"p/b/package.json": json.dumps({"name": "b", **PRISMA})}, "unknown"),
        ({".npmrc": "node-linker=hoisted"}, "unknown"),
        ({"pnpm-workspace.yaml": "packages:\n  - 'p/**'\n"}, "unknown"),
    ],
)
def test_a_client_of_a_member(more: dict[str, str], state_of_client: str) -> None:
    build = build_of(f"{NODE}RUN pnpm install\n", {**MEMBERS, **more})
    assert state(build, "/app/p/a/node_modules/.prisma/client") == state_of_client


OUT = json.dumps({"compilerOptions": {"outDir": "out"}, "include": ["a", "b"]})
TWO = {"tsconfig.json": OUT, "a/x.ts": "", "b/y.ts": "", **package(name="p")}


@pytest.mark.parametrize(
    ("more", "here", "below"),
    [
        ({}, "absent", "present"),
        ({"a/x.ts": 'import { z } from "../../z";'}, "unknown", "unknown"),
        ({"b/y.ts": None}, "unknown", "unknown"),
        ({"b/y.ts": None, "a/x.ts": 'import "../c/z";', "c/z.ts": ""}, "absent", "present"),
        ({"b/y.ts": None, "b/y.d.ts": ""}, "unknown", "unknown"),
        ({"package.json": '{"dependencies": {"q": "workspace:*"}}'}, "unknown", "unknown"),
        ({"tsconfig.json": OUT[:-1] + ', "extends": "../base.json"}'}, "unknown", "unknown"),
    ],
)
def test_the_folder_that_all_sources_share(
    more: dict[str, str | None], here: str, below: str
) -> None:
    files = {name: text for name, text in {**TWO, **more}.items() if text is not None}
    build = build_of(f"{NODE}RUN npx tsc\n", files)
    assert (state(build, "/app/out/x.js"), state(build, "/app/out/a/x.js")) == (here, below)


def test_what_the_compiler_makes_only_where_it_is_asked_to() -> None:
    config = json.dumps({"compilerOptions": {"outDir": "out", "rootDir": "src"}})
    files = {"tsconfig.json": config, "src/a.ts": "", "src/page.html": ""}
    build = build_of(f"{NODE}RUN npx tsc\n", files)
    expected = {
        "a.js": "present", "a.ts": "unknown", "a.d.ts": "unknown", "a.js.map": "unknown",
        "a.js.node": "absent", "page.html": "unknown", "b.html": "absent",
    }  # fmt: skip
    assert {name: state(build, f"/app/out/{name}") for name in expected} == expected
