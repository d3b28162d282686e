"""Variables that are filled from Secret Manager. Every secret has one version."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.local_cloud_run.values import Json, SecretRef

VERSION = "1"
LATEST = "latest"


def of_container(container: Json) -> dict[str, SecretRef]:
    """The variables of a container that are filled from secrets."""
    return {
        each["name"]: _ref(each["valueSource"].get("secretKeyRef", {}))
        for each in container.get("env", ())
        if "valueSource" in each
    }


def _ref(source: Json) -> SecretRef:
    """A secret of another project is named in full; here all projects have the same ones."""
    return SecretRef(source.get("secret", "").rpartition("/")[2], source.get("version") or LATEST)


def is_held(ref: SecretRef, held: Mapping[str, str]) -> bool:
    return ref.secret in held and ref.version in (VERSION, LATEST)


def absent(refs: Mapping[str, SecretRef], held: Mapping[str, str]) -> SecretRef | None:
    """The first that cannot be had, by name."""
    return min((ref for ref in refs.values() if not is_held(ref, held)), default=None)


def filled(refs: Mapping[str, SecretRef], held: Mapping[str, str]) -> dict[str, str]:
    return {name: held[ref.secret] for name, ref in refs.items()}
