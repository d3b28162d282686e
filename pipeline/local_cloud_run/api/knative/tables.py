"""The annotations of a service and of its template, and the v2 fields that they stand for."""

from __future__ import annotations

from pipeline.local_cloud_run.api.knative.spelling import (
    AUTOSCALING,
    ENCRYPTION_KEY,
    EXECUTION_ENVIRONMENT,
    FLAG,
    HOURS,
    LIST,
    NUMBER,
    RUN,
    TEXT,
    VPC,
    Annotation,
    Spelling,
    choice,
)

CLIENT = (
    Annotation(f"{RUN}client-name", "client", TEXT),
    Annotation(f"{RUN}client-version", "clientVersion", TEXT),
)
LAUNCH_STAGE = Annotation(f"{RUN}launch-stage", "launchStage", TEXT, default="GA")
BINARY_AUTHORIZATION = (
    Annotation(
        f"{RUN}binary-authorization",
        "binaryAuthorization",
        Spelling(
            lambda text: {"useDefault": True} if text == "default" else {"policy": text},
            lambda held: "default" if held.get("useDefault") else held.get("policy", ""),
        ),
    ),
    Annotation(
        f"{RUN}binary-authorization-breakglass",
        "binaryAuthorization.breakglassJustification",
        TEXT,
    ),
)
SERVICE = (
    *CLIENT,
    LAUNCH_STAGE,
    *BINARY_AUTHORIZATION,
    Annotation(f"{RUN}description", "description", TEXT),
    Annotation(
        f"{RUN}ingress",
        "ingress",
        choice(
            all="INGRESS_TRAFFIC_ALL",
            internal="INGRESS_TRAFFIC_INTERNAL_ONLY",
            internal_and_cloud_load_balancing="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            none="INGRESS_TRAFFIC_NONE",
        ),
        default="INGRESS_TRAFFIC_UNSPECIFIED",
    ),
    Annotation(f"{RUN}minScale", "scaling.minInstanceCount", NUMBER),
    Annotation(f"{RUN}maxScale", "scaling.maxInstanceCount", NUMBER),
    Annotation(f"{RUN}manualInstanceCount", "scaling.manualInstanceCount", NUMBER),
    Annotation(
        f"{RUN}scalingMode", "scaling.scalingMode", choice(automatic="AUTOMATIC", manual="MANUAL")
    ),
    Annotation(f"{RUN}invoker-iam-disabled", "invokerIamDisabled", FLAG),
    Annotation(f"{RUN}default-url-disabled", "defaultUriDisabled", FLAG),
    Annotation(f"{RUN}iap-enabled", "iapEnabled", FLAG),
    Annotation(f"{RUN}custom-audiences", "customAudiences", LIST),
)
TEMPLATE = (
    *VPC,
    EXECUTION_ENVIRONMENT,
    ENCRYPTION_KEY,
    Annotation(
        f"{RUN}post-key-revocation-action-type",
        "encryptionKeyRevocationAction",
        choice(prevent_new="PREVENT_NEW", shut_down="SHUTDOWN"),
    ),
    Annotation(f"{RUN}encryption-key-shutdown-hours", "encryptionKeyShutdownDuration", HOURS),
    Annotation(f"{AUTOSCALING}minScale", "scaling.minInstanceCount", NUMBER),
    Annotation(f"{AUTOSCALING}maxScale", "scaling.maxInstanceCount", NUMBER),
    Annotation(f"{RUN}sessionAffinity", "sessionAffinity", FLAG),
    Annotation(f"{RUN}health-check-disabled", "healthCheckDisabled", FLAG),
    Annotation(f"{RUN}gpu-zonal-redundancy-disabled", "gpuZonalRedundancyDisabled", FLAG),
    Annotation(f"{RUN}mesh", "serviceMesh.mesh", TEXT),
)
