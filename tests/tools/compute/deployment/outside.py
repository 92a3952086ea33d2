"""Run by the Python of .venv-checks (not by ours): what needs boto3, python-hcl2 or Google's API descriptions.

`python outside.py stack TEMPLATE ENDPOINT` creates a CloudFormation stack at a moto server and prints what ECS then has;
`python outside.py cloud-run MAIN_TF` prints attributes of google_cloud_run_v2_service that the Cloud Run API does not know;
`python outside.py parse MAIN_TF` prints the resources of a Terraform file.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any

ONLY_TERRAFORM = {"depends_on", "name", "location", "project"}


def stack(template: str, endpoint: str) -> dict[str, Any]:
    """What runs after the template was applied at a stand-in for AWS."""
    import boto3

    def client(service: str) -> Any:
        return boto3.client(service, region_name="eu-central-1", endpoint_url=endpoint, aws_access_key_id="x",
                            aws_secret_access_key="x")  # fmt: skip

    network = client("ec2")
    vpc = network.describe_vpcs()["Vpcs"][0]
    subnets = [s["SubnetId"] for s in network.describe_subnets()["Subnets"]][:2]
    given = {"VpcId": vpc["VpcId"], "VpcCidr": vpc["CidrBlock"], "SubnetIds": ",".join(subnets),
             "ImageUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn-model@sha256:" + "a" * 64}  # fmt: skip
    formation = client("cloudformation")
    formation.create_stack(StackName="model", TemplateBody=Path(template).read_text(), Capabilities=["CAPABILITY_IAM"],
                           Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()])  # fmt: skip
    (made,) = formation.describe_stacks(StackName="model")["Stacks"]
    containers = client("ecs")
    (service,) = containers.describe_services(cluster="churn-model", services=["churn-model"])["services"]
    task = containers.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return {"status": made["StackStatus"], "service": service, "task": task, "image": given["ImageUri"]}


def parsed(path: str) -> dict[str, dict[str, Any]]:
    """'type.name' -> arguments of every resource."""
    import hcl2

    with open(path) as text:
        found = hcl2.load(text)
    return {f"{kind.strip(chr(34))}.{name.strip(chr(34))}": body
            for block in found["resource"] for kind, named in block.items() for name, body in named.items()}  # fmt: skip


def cloud_run(path: str) -> list[str]:
    """Attributes that the API's own description of a service lacks."""
    document = json.loads((resources.files("googleapiclient") / "discovery_cache/documents/run.v2.json").read_text())
    schemas = document["schemas"]
    strange: list[str] = []

    def look(body: dict[str, Any], schema: dict[str, Any], at: str) -> None:
        for key, value in body.items():
            if key.startswith("__") or (not at and key in ONLY_TERRAFORM):
                continue
            name = re.sub(r"_(\w)", lambda m: m[1].upper(), key)
            entry = schema.get("properties", {}).get(name)
            if entry is None:
                strange.append(f"{at}{key}")
                continue
            inner = entry.get("$ref") or entry.get("items", {}).get("$ref")
            for part in value if isinstance(value, list) else [value]:
                if inner and isinstance(part, dict):
                    look(part, schemas[inner], f"{at}{key}.")

    look(parsed(path)["google_cloud_run_v2_service.this"], schemas["GoogleCloudRunV2Service"], "")
    return strange


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    print(json.dumps({"stack": stack, "parse": parsed, "cloud-run": cloud_run}[what](*given), default=str))
