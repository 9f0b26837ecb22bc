"""The files for Kubernetes: valid by its schemas, and in agreement with each other and with the command line."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hearpreprocess import about
from hearpreprocess.cli.options import request_of
from hearpreprocess.cli.program import parser_for

kubernetes_validate = pytest.importorskip("kubernetes_validate")

PROJECT = Path(__file__).parents[2]
DOCUMENTS: dict[str, dict[str, Any]] = {
    document["kind"]: document
    for path in sorted((PROJECT / "deploy" / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
}
"""By kind; each is there once."""

VERSIONS = ("1.29", kubernetes_validate.latest_version())
"""The first one where a job can wait for the end of a failed pod, and the newest one with schemas."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_it_is_valid(kind: str, version: str) -> None:
    kubernetes_validate.validate(DOCUMENTS[kind], version, strict=True)


def test_a_field_that_does_not_exist_is_found() -> None:
    job = DOCUMENTS["Job"]
    wrong = job | {"spec": job["spec"] | {"podReplacement": "Failed"}}
    with pytest.raises(kubernetes_validate.ValidationError, match="podReplacement"):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def pod_of(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = DOCUMENTS[kind]["spec"]["template"]["spec"]
    return spec


def containers_of(kind: str) -> list[dict[str, Any]]:
    pod = pod_of(kind)
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_there_are_as_many_workers_as_processors_and_luigid_is_at_its_service() -> None:
    (run,) = pod_of("Job")["containers"]
    request = request_of(parser_for("run").parse_args(["run", *run["args"]]))
    assert request.workers == int(run["resources"]["requests"]["cpu"])
    service = DOCUMENTS["Service"]
    port = service["spec"]["ports"][0]["port"]
    assert request.scheduler_url == f"http://{service['metadata']['name']}:{port}"
    (luigid,) = pod_of("Deployment")["containers"]
    assert luigid["ports"][0]["containerPort"] == port
    assert re.search(r"luigid --port (\d+)", luigid["command"][-1])[1] == str(port)


def test_the_policy_and_the_service_select_these_pods() -> None:
    of_luigid = DOCUMENTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    of_job = DOCUMENTS["Job"]["spec"]["template"]["metadata"]["labels"]
    policy = DOCUMENTS["NetworkPolicy"]["spec"]
    assert of_luigid == DOCUMENTS["Service"]["spec"]["selector"] == policy["podSelector"]["matchLabels"]
    assert of_luigid != of_job
    assert policy["ingress"] == [
        {"from": [{"podSelector": {"matchLabels": of_job}}], "ports": DOCUMENTS["Service"]["spec"]["ports"]}
    ]


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_its_pods_have_the_shared_volume_and_no_rights(kind: str) -> None:
    pod = pod_of(kind)
    claims = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    assert claims == [{"claimName": DOCUMENTS["PersistentVolumeClaim"]["metadata"]["name"]}]
    user = re.search(r"useradd --uid (\d+)", (PROJECT / "Dockerfile").read_text())[1]
    context = pod["securityContext"]
    assert context["runAsNonRoot"]
    assert {str(context[name]) for name in ("runAsUser", "runAsGroup", "fsGroup")} == {user}
    for container in containers_of(kind):
        assert container["image"].endswith(f"/hearpreprocess:{about.__version__}"), container["name"]
        assert not container["securityContext"]["allowPrivilegeEscalation"], container["name"]


def test_what_survives_a_lost_pod() -> None:
    job, deployment = DOCUMENTS["Job"]["spec"], DOCUMENTS["Deployment"]["spec"]
    assert (job["completionMode"], job["podReplacementPolicy"]) == ("Indexed", "Failed")
    assert job["maxFailedIndexes"] == job["completions"] == job["parallelism"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    storage = DOCUMENTS["StorageClass"]
    assert {"nfsvers=4.2", "actimeo=1"} <= set(storage["mountOptions"])
    assert DOCUMENTS["PersistentVolumeClaim"]["spec"]["storageClassName"] == storage["metadata"]["name"]


def test_the_pods_wait_longer_for_luigid_than_kubernetes_needs_to_replace_it() -> None:
    settings = configparser.ConfigParser()
    settings.read_string(DOCUMENTS["ConfigMap"]["data"]["luigi.cfg"])
    seconds = settings.getint("core", "rpc_retry_attempts") * settings.getint("core", "rpc_retry_wait")
    assert seconds >= 2 * 300, "a pod on a lost node is given up after 300 s"
    pod = pod_of("Job")
    (run,) = pod["containers"]
    folders = {mount["name"]: mount["mountPath"] for mount in run["volumeMounts"]}
    (volume,) = [volume["name"] for volume in pod["volumes"] if "configMap" in volume]
    assert {"name": "LUIGI_CONFIG_PATH", "value": f"{folders[volume]}/luigi.cfg"} in run["env"]
