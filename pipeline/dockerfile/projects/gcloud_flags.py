"""The flags of ``gcloud run deploy`` and its sisters, in all release tracks."""

from __future__ import annotations


def _flags(text: str) -> frozenset[str]:
    """``[no-]x`` stands for both; ``{a,b}-x`` for ``a-x`` and ``b-x``."""
    found: set[str] = set()
    for word in text.split():
        if word.startswith("[no-]"):
            found |= {f"--{word[5:]}", f"--no-{word[5:]}"}
        elif word.startswith("{"):
            kinds, _, rest = word[1:].partition("}")
            found |= {f"--{kind}{rest}" for kind in kinds.split(",")}
        else:
            found.add(f"--{word}")
    return frozenset(found)


_EVERYWHERE = _flags("""
access-token-file account api-endpoint-overrides authority-selector authorization-token-file
billing-project capture-session-file configuration credential-file-override document
flags-file flatten format help http-timeout impersonate-service-account log-http no-log-http
project quiet trace-email trace-log trace-token [no-]user-output-enabled universe-domain verbosity
version filter limit page-size sort-by uri
""")
_PLACE = _flags(
    "cluster cluster-location context kubeconfig namespace platform region regions async"
)
_SERVICE = _flags("""
{add,clear,remove,set}-cloudsql-instances {add,clear,remove,set}-custom-audiences
{add,clear,remove,set}-mounted-secrets add-volume add-volume-mount args [no-]automatic-updates
base-image binary-authorization breakglass clear-base-image clear-binary-authorization
clear-encryption-key-shutdown-hours clear-env-vars clear-config-maps clear-key clear-labels
clear-network clear-network-tags clear-post-key-revocation-action-type clear-secrets clear-volumes
clear-volume-mounts clear-vpc-connector clear-command clear-args clear-gpu clear-mesh clear-presets
clear-min-instances clear-max-instances clear-scaling clear-identity clear-subnet clear-tags
clear-startup-probe clear-liveness-probe clear-readiness-probe clear-service-min-instances
command concurrency connectivity container containers [no-]cpu-boost [no-]cpu-throttling cpu
[no-]default-url [no-]deploy-health-check [no-]health-check depends-on description
encryption-key-shutdown-hours env-vars-file execution-environment function gpu gpu-type
[no-]gpu-zonal-redundancy [no-]iap image ingress [no-]invoker-iam-check key labels liveness-probe
max max-instances memory mesh min min-instances min-instances-default dataplane-v2 network
network-tags port post-key-revocation-action-type preset presets readiness-probe
remove-config-maps remove-containers remove-env-vars remove-labels remove-secrets remove-volume
remove-volume-mount remove-presets revision-suffix scaling scaling-concurrency-utilization
scaling-cpu-utilization concurrency-target service-account service-min-instances
service-max-instances
[no-]session-affinity set-config-maps set-env-vars set-secrets startup-probe subnet tag
timeout no-traffic update-config-maps update-env-vars update-labels update-secrets [no-]use-http2
vpc-connector vpc-egress workload-profile threat-detection no-threat-detection domain identity
identity-certificate [no-]identity-certificate identity-type mesh-dataplane [no-]mesh-mtls
runtime {add,remove,set,clear,update}-annotations annotations [no-]ssh sandbox-launcher
[no-]sandbox-launcher max-surge max-unavailable worker-pool update-container
public dry-run workdir overflow-scaling ambient-networking client-name client-version
functional-type scaling-concurrency-target scaling-cpu-target scaling-pubsub-subscription
scaling-pubsub-target trigger-filters instances [no-]allow-unencrypted-build
""")
_BUILD = _flags("""
source [no-]allow-unauthenticated {set,update,remove,clear}-build-env-vars build-env-vars-file
build-service-account clear-build-service-account build-worker-pool clear-build-worker-pool
[no-]delegate-builds no-build build-machine-type build-timeout local-build
add-regions remove-regions
""")
_TRAFFIC = _flags("""
clear-tags set-tags remove-tags update-tags to-latest to-revisions to-tags breakglass endpoint-mode
""")

FLAGS = {
    "run deploy": _EVERYWHERE | _PLACE | _SERVICE | _BUILD,
    "run services update": _EVERYWHERE | _PLACE | _SERVICE | _flags(
        "{set,update,remove,clear}-build-env-vars build-service-account build-worker-pool "
        "clear-build-service-account clear-build-worker-pool build-env-vars-file source"
    ),
    "run services update-traffic": _EVERYWHERE | _PLACE | _TRAFFIC,
}  # fmt: skip
"""The flags that each command takes."""

MEANT = {
    "--no-traffic-routing": "--no-traffic",
    "--no-traffic-split": "--no-traffic",
    "--traffic": "--no-traffic",
    "--traffic-percent": "--no-traffic",
    "--percent": "--to-revisions",
    "--traffic-split": "--to-revisions",
    "--split": "--to-revisions",
    "--splits": "--to-revisions",
    "--revisions": "--to-revisions",
    "--revision": "--to-revisions",
    "--set-env": "--set-env-vars",
    "--env": "--set-env-vars",
    "--env-vars": "--set-env-vars",
    "--env-var": "--set-env-vars",
    "--environment": "--set-env-vars",
    "--env-file": "--env-vars-file",
    "--secrets": "--set-secrets",
    "--secret": "--set-secrets",
    "--cloudsql-instances": "--add-cloudsql-instances",
    "--cloud-sql-instances": "--add-cloudsql-instances",
    "--unauthenticated": "--allow-unauthenticated",
    "--mem": "--memory",
    "--cpus": "--cpu",
    "--latest": "--to-latest",
}
"""What people mean by flags that do not exist."""
