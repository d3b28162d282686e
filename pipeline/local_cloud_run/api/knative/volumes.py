"""One volume, v1 to v2 and back. Cloud SQL's is an annotation in v1."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.local_cloud_run.api.knative import secrets
from pipeline.local_cloud_run.api.knative.fields import FLAG, NUMBER, REFUSED, TEXT, TEXTS, Kind
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

FIELDS: Mapping[str, Kind] = {
    "name": TEXT,
    "secret": {
        "secretName": TEXT, "defaultMode": NUMBER, "optional": REFUSED,
        "items": [{"key": TEXT, "path": TEXT, "mode": NUMBER}],
    },
    "emptyDir": {"medium": TEXT, "sizeLimit": TEXT},
    "nfs": {"server": TEXT, "path": TEXT, "readOnly": FLAG},
    "csi": {"driver": TEXT, "readOnly": FLAG, "volumeAttributes": TEXTS},
    "configMap": REFUSED,
}  # fmt: skip
_GCS = "gcsfuse.run.googleapis.com"
_MEMORY = {"Memory": "MEMORY"}
_RENAMED = {"key": "version", "path": "path", "mode": "mode"}  # v1: v2


def to_v2(volume: Json, names: Mapping[str, str]) -> Json:
    """A v2 Volume. ``names`` explains short names of secrets. Raises INVALID_ARGUMENT."""
    shown: Json = {field: volume[field] for field in ("name", "nfs") if field in volume}
    if "secret" in volume:
        secret = volume["secret"]
        name = secret.get("secretName", "")
        shown["secret"] = {
            "secret": names.get(name, name),
            "items": [
                {_RENAMED[field]: value for field, value in each.items()}
                for each in secret.get("items", ())
            ],
            "defaultMode": secret.get("defaultMode", 0),
        }
    if "emptyDir" in volume:
        medium = volume["emptyDir"].get("medium", "")
        if medium and medium not in _MEMORY:
            raise invalid(f"volumes.emptyDir.medium: '{medium}' is not Memory.")
        shown["emptyDir"] = {**volume["emptyDir"], "medium": _MEMORY.get(medium, 0)}
    if "csi" in volume:
        shown["gcs"] = _gcs(volume["csi"])
    return shown


def _gcs(csi: Json) -> Json:
    if csi.get("driver") != _GCS:
        raise invalid(f"volumes.csi.driver: '{csi.get('driver', '')}' is not {_GCS}.")
    attributes = csi.get("volumeAttributes", {})
    options = attributes.get("mountOptions", "")
    return {
        "bucket": attributes.get("bucketName", ""),
        "readOnly": csi.get("readOnly", False),
        "mountOptions": options.split(",") if options else [],
    }


def to_v1(volume: Json, names: dict[str, str]) -> Json:
    """A v1 Volume; ``names`` gets the short names that it uses."""
    shown: Json = {field: volume[field] for field in ("name", "nfs") if field in volume}
    if "secret" in volume:
        shown["secret"] = _secret(volume["secret"], names)
    if "emptyDir" in volume:
        held = volume["emptyDir"]
        medium = {"medium": "Memory"} if held.get("medium") == "MEMORY" else {}
        size = {"sizeLimit": held["sizeLimit"]} if "sizeLimit" in held else {}
        shown["emptyDir"] = {**medium, **size}
    if "gcs" in volume:
        gcs = volume["gcs"]
        attributes = {"bucketName": gcs.get("bucket", "")}
        if "mountOptions" in gcs:
            attributes["mountOptions"] = ",".join(gcs["mountOptions"])
        read_only = {"readOnly": True} if gcs.get("readOnly") else {}
        shown["csi"] = {"driver": _GCS, "volumeAttributes": attributes, **read_only}
    return shown


def _secret(secret: Json, names: dict[str, str]) -> Json:
    shown: Json = {"secretName": secrets.short(secret.get("secret", ""), names)}
    if "items" in secret:
        shown["items"] = [
            {v1: each[v2] for v1, v2 in _RENAMED.items() if v2 in each} for each in secret["items"]
        ]
    if "defaultMode" in secret:
        shown["defaultMode"] = secret["defaultMode"]
    return shown
