"""Each fault of a configuration: its exact text, at its exact place."""
# ruff: noqa: E501 - a message stands on one line, as it is printed

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError

MINIMUM = """\
service: agents-api
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents-api
"""
CHOICES = "this is not one of the choices. Write"
TWO_WAYS = (
    "there must be a connector, or a network or subnet, and not both. "
    "Keep one of the two ways; vpc: null is none."
)
RESERVED = (
    "itself: it reserves /eventlog, /_ah/ and paths that end in z, such as /healthz. "
    "Serve health at another path, such as /health."
)
RUN_NAME = "Use lower-case letters, digits and hyphens; begin with a letter, end with no hyphen."
NO_SECRET = (
    "this is not the name of a secret. Write the name of a secret in Secret Manager, "
    "or name:version, never its content."
)
TOO_MUCH = (
    "there are more than 50 levels, or 5000 values. "
    "Write less; an alias counts as all that it stands for."
)
MAPPING = "Write one 'key: value' on each line, indented below it."
ABOVE = "Correct this line, or the one above it."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(text: str | bytes, environ: Mapping[str, str] | None = None) -> list[str]:
    path = Path("pipeline.yaml")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as raised:
        load_config(path, environ or {})
    assert raised.value.where == "pipeline.yaml"
    return [line.removeprefix("pipeline.yaml:") for line in raised.value.lines]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1: the file is empty. Write service, project, region and image."),
        ("# nothing\n", "1:1: the file is empty. Write service, project, region and image."),
        (
            "\n- a\n",
            "1:1: the file is a list, not a mapping. Write one key: value on each line; "
            "begin with service, project, region and image.",
        ),
        (
            "run:\n\tport: 1\n",
            "2:1: this is not YAML: while scanning for the next token, found character that "
            "cannot start any token. Indent with spaces, not tabs.",
        ),
        (
            "a: b\nrun: {port: 1",
            "3:1: this is not YAML: while parsing a flow mapping, "
            f"did not find expected ',' or '}}'. {ABOVE}",
        ),
        ("a: b: c", f"1:5: this is not YAML: mapping values are not allowed in this context. {ABOVE}"),
        ("a: *b", f"1:4: this is not YAML: found undefined alias. {ABOVE}"),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: this is not YAML: expected a single document in the stream, "
            f"but found another document. {ABOVE}",
        ),
        ("a: b\nc: \x01", r"2:4: YAML does not take the character '\x01'. Remove it."),
        (b"a: b\nc: \xe9\n", "2:4: this is not UTF-8. Save the file in UTF-8."),
        ("MINIMUM: 1\nrun: &a [*a]", f"2:6: {TOO_MUCH}"),
        ("[" * 100_000, f"1:51: {TOO_MUCH}"),
        ("a: &a [x,x,x,x,x,x,x,x]\nb: &b [" + "*a," * 99 + "]\nc: [" + "*b," * 99 + "]", f"1:18: {TOO_MUCH}"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_configuration(folder: Path, text: str | bytes, fault: str) -> None:
    assert faults(text) == [fault]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("run:", "5:5: run: there is no value, and it must be a mapping. Write a value, or remove the key."),
        ("run: 3", f"5:6: run: this must be a mapping, not a number. {MAPPING}"),
        ("memory: 1Gi", "5:1: memory: there is no such key. Did you mean run.memory?"),
        ("run:\n  memori: 1Gi", "6:3: run.memori: there is no such key. Did you mean memory?"),
        ("cors: {x: 1}", "5:8: cors.x: there is no such key. The keys here are origins, path."),
        ("run: {vpc: {conector: a, network: b}}",
         "5:13: run.vpc.conector: there is no such key. Did you mean connector?"),
        ("service: other", "5:1: service: the key is written twice. "
         "Remove one of them; the first is at pipeline.yaml:1:1."),
        ("run:\n  <<: {cpu: 1}", "6:3: run: merge keys are not read. Write the keys out, without <<."),
        ("cors: {'[key]': 1}", "5:8: cors.[key]: there is no such key. The keys here are origins, path."),
        ("run:\n  ? [a]\n  : b", "6:5: run: a key must be text. Write key: value."),
        ("source: !folder app", "5:9: source: the tag '!folder' is not read. Remove it."),
        ('source: "a\\0b"', r"5:9: source: the value has a NUL character. Remove the \0."),
        ("source: ''", "5:9: source: the text is empty. Write a value, or remove the key."),
        ('"a\\nb\\e[1m": 1', r"5:1: a\nb\x1b[1m: there is no such key. The keys here are service, "
         "project, region, image, source, dockerfile, platform, lint, build, run, health, startup, cors, "
         "smoke, jobs, traffic, rehearse, allow_key_file, catalogue."),
        ("lint: {ignore: [{rule: S24}]}",
         "5:24: lint.ignore[0].rule: there is no rule 'S24'. Did you mean S23?"),
        ("lint: {ignore: [{rule: XX, reason: y}]}",
         "5:24: lint.ignore[0].rule: there is no rule 'XX'. "
         "Write S01 to S23, D01, or an id of hadolint such as DL3008."),
        ("platform: linux/arm64", "5:11: platform: 'linux/arm64' does not run on Cloud Run. "
         "Write linux/amd64, the only platform there is."),
        ("build: {engine: kaniko}",
         f"5:17: build.engine: {CHOICES} 'auto', 'docker', 'podman' or 'cloud-build'."),
        ("health: {path: /healthz}", f"5:16: health.path: Google may answer '/healthz' {RESERVED}"),
        ("health: {path: '/statusz?x=1'}", f"5:16: health.path: Google may answer '/statusz' {RESERVED}"),
        ("health: {path: /_ah/x}", f"5:16: health.path: Google may answer '/_ah/x' {RESERVED}"),
        ("health: {path: '/eventlog?a'}", f"5:16: health.path: Google may answer '/eventlog' {RESERVED}"),
        ("health: {path: health}",
         "5:16: health.path: 'health' is not a path of a URL. Begin with /; use no spaces and no #."),
        ("health: {expect: 1}", f"5:18: health.expect: this must be a mapping, not a number. {MAPPING}"),
        ("startup: {listen_within: 5m}",
         "5:26: startup.listen_within: 5m is out of range. Write a duration from 1ms to 4m."),
        ("startup: {required_logs: ['(']}", "5:27: startup.required_logs[0]: '(' is not a regular "
         "expression: missing ), unterminated subpattern at position 0. "
         "Correct it; put \\ before a character that is meant as it is."),
        ("startup: {forbidden_logs: [3]}", "5:28: startup.forbidden_logs[0]: this is not a regular "
         "expression. Write text in quotes, such as 'ready in .* ms'."),
        ("startup: {forbidden_logs: x}", "5:27: startup.forbidden_logs: this must be a list, not text. "
         "Write [a, b], or one '- item' on each line."),
        ("startup: {imports: [a b]}", "5:21: startup.imports[0]: 'a b' is not a module. "
         "Write one as in an import, such as app.main."),
        ("cors: {origins: ['https://a.example/x']}", "5:18: cors.origins[0]: 'https://a.example/x' is "
         "not an origin. Write scheme and host, and no path, such as https://app.example.com."),
        ("jobs: [{name: migrate}]", "5:8: jobs[0].command: this key is required. "
         "Add it, such as command: ['python', '-m', 'app.migrate']."),
        ("jobs: [{name: A, command: [b]}]",
         f"5:15: jobs[0].name: 'A' is not a name that Cloud Run takes. {RUN_NAME}"),
        ("jobs: [{name: a, command: python}]", "5:27: jobs[0].command: this must be a list, not text. "
         "Write [a, b], or one '- item' on each line."),
        ("jobs: [{name: a, command: []}]",
         "5:27: jobs[0].command: the list is empty. Write one element or more."),
        ("jobs: [{name: a, command: [b]}, {name: a, command: [c]}]",
         "5:7: jobs: 'a' is there twice. Remove one of them."),
        (f"jobs: [{{name: {'a' * 50}, command: [b]}}]",
         "5:15: jobs[0].name: a name of 50 characters is too long. Shorten it to 49."),
        ("traffic: {steps: [50, 10, 100]}", "5:18: traffic.steps: steps must rise, and end with 100. "
         "Write them in order, such as [10, 50, 100]."),
        ("traffic: {steps: [10, 50]}", "5:18: traffic.steps: steps must rise, and end with 100. "
         "Write them in order, such as [10, 50, 100]."),
        ("traffic: {steps: [0, 100]}", "5:19: traffic.steps[0]: the number is too small. Write 1 or more."),
        ("traffic: {max_error_rate: 0.01}", "5:27: traffic.max_error_rate: a rate needs a percent sign. "
         "Write 0.01% if that is what you mean."),
        ("traffic: {max_error_rate: 101%}", "5:27: traffic.max_error_rate: '101%' is not a rate. "
         "Write one from 0% to 100%, such as 1% or 0.5%."),
    ],
)  # fmt: skip
def test_a_line_that_breaks_a_rule(folder: Path, text: str, fault: str) -> None:
    assert faults(MINIMUM + text) == [fault]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("memory: 512", "memory: a size needs a unit. Write 512Mi for mebibytes, or 512Gi for gibibytes."),
        ("memory: 512MB", "memory: '512MB' is not a size. Write one such as 512Mi or 1Gi."),
        ("memory: 64Mi", "memory: 64Mi is out of range. Write a size from 128Mi to 32Gi."),
        ("cpu: 3", "cpu: 3 is no number of CPUs that Cloud Run gives. "
         "Write 1, 2, 4, 6 or 8, or a fraction from 0.08 to 1."),
        ("cpu: true", "cpu: a boolean is no number of CPUs that Cloud Run gives. "
         "Write 1, 2, 4, 6 or 8, or a fraction from 0.08 to 1."),
        ("timeout: 300", "timeout: a duration needs a unit. "
         "Write 300s for seconds; the units are ms, s, m and h."),
        ("timeout: soon", "timeout: 'soon' is not a duration. Write one such as 500ms, 10s, 5m or 1h30m."),
        ("timeout: 2h", "timeout: 2h is out of range. Write a duration from 1s to 1h."),
        ("port: 0", "port: the number is too small. Write 1 or more."),
        ("port: 65536", "port: the number is too large. Write 65535 or less."),
        ("port: '8080'",
         "port: this must be a whole number, not text. Write digits, without quotes and unit."),
        ("port: 80.5", "port: this must be a whole number, not a decimal number. "
         "Write digits, without quotes and unit."),
        ("ingress: none", f"ingress: {CHOICES} 'all', 'internal' or 'internal-and-cloud-load-balancing'."),
        ("allow_unauthenticated: yes", "allow_unauthenticated: this must be true or false, not text. "
         "Write true or false, without quotes."),
        ("service_account: me", "service_account: 'me' is not a service account. "
         "Write its address, such as runner@my-project.iam.gserviceaccount.com."),
        ("vpc: {}", f"vpc: {TWO_WAYS}"),
        ("vpc: {connector: a, subnet: b}", f"vpc: {TWO_WAYS}"),
        ("cloud_sql: [p:r:i, p:r:i]", "cloud_sql: 'p:r:i' is there twice. Remove one of them."),
    ],
)  # fmt: skip
def test_a_setting_of_run(folder: Path, text: str, fault: str) -> None:
    column = text.index(":") + 5
    assert faults(f"{MINIMUM}run:\n  {text}") == [f"6:{column}: run.{fault}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{cpu: 1, memory: 8Gi}", "5:23: run.memory: 8Gi needs 2 CPUs or more, and run.cpu is 1. "
         "Write 4Gi or less, or raise run.cpu to 2."),
        ("{cpu: 4}", "5:6: run.memory: 4 CPUs need 2Gi or more, and run.memory is 512Mi. "
         "Write 2Gi, or lower run.cpu."),
        ("{cpu: 0.5}", "5:6: run.concurrency: 0.5 CPUs serve one request at a time, "
         "and run.concurrency is 80. Write 1, or raise run.cpu to 1."),
        ("{min_instances: 5, max_instances: 2}",
         "5:40: run.max_instances: 2 is less than run.min_instances, 5. Write 5 or more."),
        ("{env: {A: x}, secrets: {A: s}}",
         "5:29: run.secrets: A is in run.env too. Remove it from one of them."),
        ("{secrets: {A: my secret}}", f"5:20: run.secrets.A: {NO_SECRET}"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together(folder: Path, text: str, fault: str) -> None:
    assert faults(f"{MINIMUM}run: {text}") == [fault]


def test_variables_of_the_service(folder: Path) -> None:
    text = (
        f"run:\n  env: {{PORT: '1', K_SERVICE: a, a-b: x, N: 12, L: [1], Z: , W: '{'x' * 32769}'}}"
    )

    assert faults(MINIMUM + text) == [
        "6:9: run.env.PORT: Cloud Run sets this variable itself and refuses it from others. "
        "Remove it. Set run.port instead.",
        "6:20: run.env.K_SERVICE: Cloud Run sets this variable itself and refuses it from others. "
        "Remove it. The program finds it set.",
        "6:34: run.env.a-b: this is not a name for a variable. "
        "Use letters, digits and underscores; begin with no digit.",
        "6:45: run.env.N: this must be text, not a number. Put it in quotes.",
        "6:52: run.env.L: this must be text, not a list. Write a single value.",
        "6:60: run.env.Z: there is no value, and it must be text. Write a value, or remove the key.",
        "6:65: run.env.W: a value of 32769 characters is longer than Cloud Run takes. "
        "Shorten it to 32768, or put it into a file or a secret.",
    ]


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("service", "Agents", f"'Agents' is not a name that Cloud Run takes. {RUN_NAME}"),
        ("service", "a" * 38, "a name of 38 characters leaves no room for a unique tag. "
         "Shorten it to 37: Cloud Run allows 46 for tag and name together."),
        ("service", "12", "this must be text, not a number. Put it in quotes."),
        ("project", "My Project", "'My Project' is not a project id. Use the id, not the number or the "
         "display name; 'gcloud projects list' prints it."),
        ("region", "us-central1-a", "'us-central1-a' is a zone. Write its region, us-central1."),
        ("region", "mars", "'mars' is not a region. Write one such as us-central1 or europe-west1."),
        ("image", "localhost:5000/a:latest", "an image reference must not have a tag. Remove ':latest': "
         "the pipeline tags each image with a digest of its source."),
        ("image", "pkg.dev/a@sha256:0123456789", "an image reference must not have a digest. "
         "Remove '@sha256:01234567…': the pipeline deploys the digest of the image that it built."),
        ("image", "pkg.dev/A", "'pkg.dev/A' is not an image reference. Write one such as "
         "us-central1-docker.pkg.dev/my-project/services/my-service."),
    ],
)  # fmt: skip
def test_a_required_key(folder: Path, key: str, value: str, fault: str) -> None:
    names = ["service", "project", "region", "image"]
    kept = [line for line in MINIMUM.splitlines() if not line.startswith(key)]
    kept.insert(names.index(key), f"{key}: {value}")

    place = f"{names.index(key) + 1}:{len(key) + 3}: {key}"

    assert faults("\n".join(kept)) == [f"{place}: {fault}"]


@pytest.mark.parametrize(
    "name", ["a", "localhost:5000/a", "127.0.0.1:5000/a/b", "eu.gcr.io/p/a-b_c.d", "registry:80/x"]
)
def test_image_references_that_hold(folder: Path, name: str) -> None:
    Path("pipeline.yaml").write_text(
        MINIMUM.replace("us-docker.pkg.dev/my-project/services/agents-api", name)
    )

    assert load_config(Path("pipeline.yaml"), {}).image == name


def test_all_that_is_missing_is_named(folder: Path) -> None:
    assert faults("service: agents-api") == [
        "1:1: image: this key is required. "
        "Add it, such as image: us-central1-docker.pkg.dev/my-project/services/my-service.",
        "1:1: project: this key is required. Add it, such as project: my-project.",
        "1:1: region: this key is required. Add it, such as region: us-central1.",
    ]


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PIPELINE_SERVISE", "x", "no key has this variable. Did you mean PIPELINE_SERVICE?"),
        ("PIPELINE_QQQ", "x", "no key has this variable. Unset it, or give it another name."),
        ("PIPELINE_RUN_CPU", "", "run.cpu: the variable is empty. Unset it, or write null."),
        ("PIPELINE_RUN_MEMORY", "512", "run.memory: a size needs a unit. "
         "Write 512Mi for mebibytes, or 512Gi for gibibytes."),
        ("PIPELINE_RUN_ENV", "{A: x, A: y}", "run.env.A: the key is written twice. "
         "Remove one of them; the first is at PIPELINE_RUN_ENV."),
        ("PIPELINE_RUN_ENV", "{A: 1}", "run.env.A: this must be text, not a number. Put it in quotes."),
        ("PIPELINE_RUN_ENV", "{A", "this is not YAML: while parsing a flow mapping, "
         f"did not find expected ',' or '}}'. {ABOVE}"),
        ("PIPELINE_SERVICE", "\udcff", r"YAML does not take the character '\udcff'. Remove it."),
        ("PIPELINE_RUN_VPC", "{conector: x, subnet: y}",
         "run.vpc.conector: there is no such key. Did you mean connector?"),
    ],
)  # fmt: skip
def test_a_variable_is_named_as_the_place(folder: Path, name: str, value: str, fault: str) -> None:
    assert faults(MINIMUM, {name: value}) == [f"{name}: {fault}"]


def test_faults_of_the_file_come_first_and_in_its_order(folder: Path) -> None:
    text = MINIMUM + "run: {port: 0, cpu: 3}\nrun: 1\nbuild: {engine: x}"

    lines = faults(text, {"PIPELINE_TRAFFIC_WATCH": "5"})

    assert [line.split(" ")[0] for line in lines] == [
        "5:13:", "5:21:", "6:1:", "7:17:", "PIPELINE_TRAFFIC_WATCH:",
    ]  # fmt: skip


def test_the_error_counts_and_says_what_to_do(folder: Path) -> None:
    Path("pipeline.yaml").write_text(MINIMUM + "run: {port: 0, cpu: 3}")

    with pytest.raises(ConfigError) as raised:
        load_config(Path("pipeline.yaml"), {})

    assert raised.value.what == "the configuration has 2 mistakes"
    assert raised.value.remedy == (
        "correct what each line names; docs/configuration.md lists every key"
    )


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    large, sealed = folder / "large.yaml", folder / "not-a-folder" / "pipeline.yaml"
    large.write_bytes(b"#" * 300_000)
    sealed.parent.write_text("")
    expected = {
        folder / "none.yaml": (
            "there is no such file",
            "write one with service, project, region and image, or name another with --config PATH",
        ),
        folder: ("this is a folder", "name the file in it with --config PATH"),
        large: (
            "the file is larger than 256 KiB",
            "name the configuration with --config PATH: this is hardly it",
        ),
        sealed: (
            "the file cannot be read: Not a directory",
            "make it readable, or name another with --config PATH",
        ),
    }
    for path, (what, remedy) in expected.items():
        with pytest.raises(ConfigError) as raised:
            load_config(path, {})
        error = raised.value
        assert (error.where, error.what, error.remedy) == (str(path), what, remedy)
