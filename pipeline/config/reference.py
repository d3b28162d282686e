"""``docs/configuration.md``: every key, its default and its meaning, from what the program uses.

``python -m pipeline.config.reference > docs/configuration.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config.environment import variable
from pipeline.config.keys import model_in
from pipeline.config.models import Document

_INTRODUCTION = """\
# Configuration

What to deploy, and what healthy means, is in `pipeline.yaml`. Four keys must be written:
`service`, `project`, `region` and `image`. Every other key has a default, and
`pipeline/defaults.yaml` has them all. Another file is named with `--config PATH`.

Every fault is reported at once, each with its line and column, its path, the rule and the remedy.
A key that is not below is a fault, and so is a key written twice.

| value | written as |
|---|---|
| duration | `500ms`, `10s`, `5m`, `1h30m`; a bare number is a fault |
| size | `512Mi`, `1Gi`, `1G`; a bare number is a fault |
| rate | `1%`, `0.5%` |
| variable | text; a number or `true` needs quotes |

Only what `pipeline.yaml` names is written onto a service that exists; the rest stays as it is.

## Environment

A variable sets a key for one run, over the file, as CI needs it: `PIPELINE_` and the path in
capitals, joined by `_`. Its value is read as YAML. A variable that no key has is a fault.

```sh
{examples}
```

`python -m pipeline schema` prints the JSON Schema for editors.
"""

_EXAMPLES = (
    (("service",), "my-service-staging"),
    (("run", "memory"), "1Gi"),
    (("run", "env"), "'{LOG_LEVEL: debug}'"),
    (("traffic", "steps"), "'[50, 100]'"),
)


def reference() -> str:
    """The document, in Markdown."""
    defaults = yaml.safe_load(files("pipeline").joinpath("defaults.yaml").read_text("utf-8"))
    examples = "\n".join(f"export {variable(path)}={value}" for path, value in _EXAMPLES)
    sections = "\n".join(_sections(defaults))
    return f"{_INTRODUCTION.replace('{examples}', examples)}\n{sections}"


def _sections(defaults: dict[str, Any]) -> Iterator[str]:
    yield from _table("Top level", Document, defaults)
    for name, info in Document.model_fields.items():
        model = model_in(info.annotation)
        if model is None:
            continue
        values = defaults[name] if model is info.annotation else {}
        yield from _table(f"`{name}`", model, values)
        for inner, field in model.model_fields.items():
            nested = model_in(field.annotation)
            if nested:
                yield from _table(f"`{name}.{inner}`", nested, {})


def _table(title: str, model: type[BaseModel], defaults: dict[str, Any]) -> Iterator[str]:
    yield f"## {title}\n\n{model.__doc__}\n\n| key | default | meaning |\n|---|---|---|"
    for name, info in model.model_fields.items():
        if info.annotation is not model_in(info.annotation):
            yield f"| `{name}` | {_default(name, info, defaults)} | {info.description} |"
    yield ""


def _default(name: str, info: FieldInfo, defaults: dict[str, Any]) -> str:
    if info.is_required():
        return "required"
    value = defaults.get(name, info.default)
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)
    text = text.removesuffix("...\n").strip()
    return f"`{text}`".replace("|", r"\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
