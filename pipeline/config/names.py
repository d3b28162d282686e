"""The rules for names of Google's things. Each returns its argument, or raises RuleError."""

from __future__ import annotations

from pipeline.config.faults import RuleError
from pipeline.config.units import matches, show
from pipeline.dockerfile import ids

_LONGEST_SERVICE = 37
_LONGEST_JOB = 49
_SEGMENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:[0-9]))(?::[0-9]{1,5})?"
IMAGE = rf"^(?:{_HOST}/)?{_SEGMENT}(?:/{_SEGMENT})*$"
SERVICE = r"^[a-z](?:[a-z0-9-]*[a-z0-9])?$"
PROJECT = r"^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$"
REGION = r"^[a-z]+-[a-z]+[0-9]+$"
BUILD_REGION = r"^(?:global|[a-z]+-[a-z]+[0-9]+)$"
SERVICE_ACCOUNT = r"^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$"
RULE = r"^(?:[SD][0-9]{2}|DL[0-9]{4}|SC[0-9]{4})$"
BUCKET = r"^[a-z0-9](?:[a-z0-9._-]{1,220}[a-z0-9])$"
CLOUD_SQL = r"^(?:[a-z0-9.-]+:)?[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]+$"


def _run_name(name: str) -> None:
    if not matches(SERVICE, name):
        raise RuleError(
            f"{show(name)} is not a name that Cloud Run takes",
            "Use lower-case letters, digits and hyphens; begin with a letter, end with no hyphen",
        )


def service_name(name: str) -> str:
    """API facts §1.2 and §3.2: tag and service name together have at most 46 characters."""
    _run_name(name)
    if len(name) > _LONGEST_SERVICE:
        raise RuleError(
            f"a name of {len(name)} characters leaves no room for a unique tag",
            f"Shorten it to {_LONGEST_SERVICE}: Cloud Run allows 46 for tag and name together",
        )
    return name


def job_name(name: str) -> str:
    _run_name(name)
    if len(name) > _LONGEST_JOB:
        raise RuleError(f"a name of {len(name)} characters is too long", "Shorten it to 49")
    return name


def project_id(name: str) -> str:
    if matches(PROJECT, name):
        return name
    raise RuleError(
        f"{show(name)} is not a project id",
        "Use the id, not the number or the display name; 'gcloud projects list' prints it",
    )


def region(name: str) -> str:
    if matches(REGION, name):
        return name
    if matches(r"[a-z]+-[a-z]+[0-9]+-[a-z]", name):
        raise RuleError(f"{show(name)} is a zone", f"Write its region, {name[:-2]}")
    raise RuleError(
        f"{show(name)} is not a region", "Write one such as us-central1 or europe-west1"
    )


def build_region(name: str) -> str:
    """Cloud Build has builds of no region too."""
    return name if name == "global" else region(name)


def image_name(name: str) -> str:
    """A reference without tag and digest: both name a content, and the pipeline decides that."""
    bare, at, digest = name.partition("@")
    if at:
        raise RuleError(
            "an image reference must not have a digest",
            f"Remove '@{digest[:15]}…': the pipeline deploys the digest of the image that it built",
        )
    tag = bare.rpartition("/")[2].partition(":")[2]
    if tag:
        raise RuleError(
            "an image reference must not have a tag",
            f"Remove {show(f':{tag}')}: the pipeline tags each image with a digest of its source",
        )
    if matches(IMAGE, name):
        return name
    raise RuleError(
        f"{show(name)} is not an image reference",
        "Write one such as us-central1-docker.pkg.dev/my-project/services/my-service",
    )


def platform(name: object) -> object:
    if name == "linux/amd64":
        return name
    raise RuleError(
        f"{show(name)} does not run on Cloud Run", "Write linux/amd64, the only platform there is"
    )


def service_account(email: str) -> str:
    if matches(SERVICE_ACCOUNT, email):
        return email
    raise RuleError(
        f"{show(email)} is not a service account",
        "Write its address, such as runner@my-project.iam.gserviceaccount.com",
    )


def cloud_sql(name: str) -> str:
    if matches(CLOUD_SQL, name):
        return name
    raise RuleError(f"{show(name)} is not a Cloud SQL instance", "Write project:region:instance")


def rule_id(name: str) -> str:
    """An id of a rule of lint: ours, hadolint's or shellcheck's."""
    if ids.is_own(name) or ids.is_theirs(name):
        return name
    raise RuleError(f"there is no rule {show(name)}", ids.meant(name))


def bucket(name: str) -> str:
    if matches(BUCKET, name):
        return name
    raise RuleError(
        f"{show(name)} is not a bucket's name", "Write it without gs:// and without a folder"
    )
