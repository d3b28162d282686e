"""Objects in Cloud Storage, over its JSON API.

``STORAGE_EMULATOR_HOST``, the variable of Google's own clients, names an emulator. It counts
beside a local Cloud Run only: Cloud Build itself reads from the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, urlencode

from pipeline.adapters.google import CALL, Google, answered, read_again
from pipeline.adapters.refusals import translated
from pipeline.answers import objects
from pipeline.errors import ConfigError, PermissionMissing, SourceRefused

EMULATOR = "STORAGE_EMULATOR_HOST"

_UPLOAD = (CALL, 120.0)  # seconds to connect, and between two signs of life
_TRIES = 600.0  # seconds for which an upload is begun anew


@dataclass(frozen=True)
class Stored:
    """An object as it is stored. A generation never changes: it names these bytes and no others."""

    bucket: str
    name: str
    generation: int
    md5: str


@dataclass(frozen=True)
class Storage:
    """``base`` is the URL of the API."""

    google: Google
    base: str

    @classmethod
    def of(cls, google: Google, environ: Mapping[str, str]) -> Storage:
        """Raises ConfigError when a local Cloud Run has no storage beside it."""
        if not google.emulator:
            return cls(google, google.endpoint("storage"))
        host = environ.get(EMULATOR, "").strip().rstrip("/")
        if not host:
            raise ConfigError(
                f"a local Cloud Run has no Cloud Storage, and {EMULATOR} is not set",
                where="build.engine: cloud-build",
                remedy="set it for this command and for `nox -s local` to an emulator of Cloud "
                "Storage, such as gcp-storage-emulator; or set build.engine to auto",
            )
        return cls(google, host if "://" in host else f"http://{host}")

    def is_in(self, project: str, bucket: str) -> bool:
        """Whether a bucket is one of the project's own: anybody could have taken its name."""
        query = urlencode({"project": project, "prefix": bucket})
        found = self._ask(bucket, lambda: self._get(f"/storage/v1/b?{query}"))
        return any(one.get("name") == bucket for one in objects(found.get("items")))

    def find(self, bucket: str, name: str) -> Stored | None:
        from google.api_core import exceptions

        path = f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"

        def get() -> Any:
            try:
                return self._get(path)
            except exceptions.NotFound:
                return None

        found = self._ask(bucket, get)
        return _read(bucket, name, found) if found else None

    def upload(self, bucket: str, name: str, content: IO[bytes]) -> Stored:
        """Store it; begun anew when it fails in passing, for the same bytes do no harm twice."""
        query = urlencode({"uploadType": "media", "name": name})
        url = f"{self.base}/upload/storage/v1/b/{quote(bucket, safe='')}/o?{query}"
        headers = {"Content-Type": "application/gzip"}

        def post() -> Any:
            content.seek(0)
            session = self.google.session
            return answered(session.post(url, data=content, headers=headers, timeout=_UPLOAD))

        return _read(bucket, name, self._ask(bucket, post, _again()))

    def _get(self, path: str) -> Any:
        return answered(self.google.session.get(f"{self.base}{path}", timeout=CALL))

    def _ask(self, bucket: str, send: Callable[[], Any], again: Any = None) -> Any:
        from google.api_core import exceptions

        where = f"gs://{bucket}"
        try:
            with translated(where):
                try:
                    return (again or read_again())(send)()
                except exceptions.NotFound as error:
                    raise no_bucket(bucket) from error
        except PermissionMissing as error:
            error.remedy = (
                "grant roles/storage.objectUser on the bucket, for instance: gcloud storage "
                f"buckets add-iam-policy-binding {where} --member=MEMBER "
                "--role=roles/storage.objectUser"
            )
            raise


def default_bucket(project: str) -> str:
    """The bucket that gcloud makes for builds; a bucket's name has no ``google`` in it."""
    plain = project.replace(":", "_").replace(".", "_").replace("google", "elgoog")
    return f"{plain}_cloudbuild"


def no_bucket(bucket: str) -> SourceRefused:
    return SourceRefused(
        f"there is no bucket {bucket}, or not in this project",
        where=f"gs://{bucket}",
        remedy=f"gcloud storage buckets create gs://{bucket} --location=REGION "
        "--uniform-bucket-level-access --public-access-prevention; or name another one in "
        "build.bucket",
    )


def _read(bucket: str, name: str, found: Mapping[str, Any]) -> Stored:
    generation = str(found.get("generation", ""))
    number = int(generation) if generation.isdecimal() else 0
    return Stored(bucket, name, number, str(found.get("md5Hash", "")))


def _again() -> Any:
    import requests
    from google.api_core import exceptions, retry

    passing = retry.if_exception_type(
        exceptions.ServerError, exceptions.TooManyRequests, requests.ConnectionError,
        requests.Timeout,
    )  # fmt: skip
    return retry.Retry(predicate=passing, initial=1.0, maximum=10.0, timeout=_TRIES)
