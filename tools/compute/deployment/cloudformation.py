"""ECS Fargate as one CloudFormation template, for who has no Terraform: the same service as `terraform/` describes."""

from __future__ import annotations

from typing import Any

from opsmith.tools.compute.deployment import pairs
from opsmith.tools.compute.deployment.plan import DeployPlan
from opsmith.tools.compute.deployment.service_contract import (
    LOG_FOLDER,
    LOG_VARIABLE,
    PORT_VARIABLE,
    QUEUE_VARIABLE,
    READY_PATH,
    THREADS_VARIABLE,
    USER,
)

FILE = "cloudformation/service.yaml"

Node = dict[str, Any]


def template(plan: DeployPlan) -> Node:
    """The template. Parameters: the network and the image by digest; ImageUri comes from a registry that is there."""
    units, mib = pairs.fargate(plan.cpu, plan.memory_limit)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{plan.name} on ECS Fargate behind an internal load balancer",
        "Parameters": {
            "VpcId": {"Type": "AWS::EC2::VPC::Id"},
            "VpcCidr": {"Type": "String", "Description": "Addresses that may call, such as 10.0.0.0/16",
                        "AllowedPattern": r"^[0-9.]{7,15}/[0-9]{1,2}$"},
            "SubnetIds": {"Type": "List<AWS::EC2::Subnet::Id>",
                          "Description": "Private subnets in two zones at least, with a way to ECR and CloudWatch"},
            "ImageUri": {"Type": "String", "Description": "REPOSITORY@sha256:... as pushed",
                         "AllowedPattern": r"^\S+@sha256:[0-9a-f]{64}$"},
            "CertificateArn": {"Type": "String", "Default": "", "Description": "For HTTPS; plain HTTP inside the VPC when empty"},
        },
        "Conditions": {"Https": {"Fn::Not": [{"Fn::Equals": [_ref("CertificateArn"), ""]}]}},
        "Resources": {**_runs(plan, units, mib), **_reached(plan), **_scaled(plan)},
        "Outputs": {
            "Url": {"Value": {"Fn::Join": ["", [_if_https("https://", "http://"), _att("Balancer", "DNSName")]]}},
            "Cluster": {"Value": _ref("Cluster")},
        },
    }  # fmt: skip


def commands(plan: DeployPlan) -> list[str]:
    """What an operator types: show the changes, then make them."""
    deploy = (
        f"aws cloudformation deploy --stack-name {plan.name} --template-file {FILE} --capabilities CAPABILITY_IAM "
        "--parameter-overrides VpcId=... VpcCidr=... SubnetIds=subnet-a,subnet-b ImageUri=REPOSITORY@sha256:..."
    )
    return [f"{deploy} --no-execute-changeset", deploy]


def _runs(plan: DeployPlan, units: int, mib: int) -> Node:
    """Cluster, logs, the role that pulls the image, the task and the service."""
    variables = {PORT_VARIABLE: str(plan.port), LOG_VARIABLE: LOG_FOLDER, THREADS_VARIABLE: "1"}
    if plan.max_queue:
        variables[QUEUE_VARIABLE] = str(plan.max_queue)
    container = {
        "Name": "service",
        "Image": _ref("ImageUri"),
        "Essential": True,
        "User": f"{USER}:{USER}",
        "ReadonlyRootFilesystem": True,
        "StopTimeout": 30,
        "LinuxParameters": {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}},
        "PortMappings": [{"ContainerPort": plan.port, "Protocol": "tcp"}],
        "Environment": [{"Name": key, "Value": value} for key, value in variables.items()],
        "MountPoints": [{"SourceVolume": "tmp", "ContainerPath": "/tmp", "ReadOnly": False},
                        {"SourceVolume": "predictions", "ContainerPath": LOG_FOLDER, "ReadOnly": False}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {
            "awslogs-group": _ref("Logs"), "awslogs-region": _ref("AWS::Region"), "awslogs-stream-prefix": "service"}},
    }  # fmt: skip
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
    policy = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}
    return {
        "Cluster": _resource("AWS::ECS::Cluster", ClusterName=plan.name,
                             ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}]),
        "Logs": _resource("AWS::Logs::LogGroup", LogGroupName=f"/ecs/{plan.name}", RetentionInDays=365)
        | {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
        "ExecutionRole": _resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust, ManagedPolicyArns=[policy]),
        "Task": _resource(
            "AWS::ECS::TaskDefinition", Family=plan.name, RequiresCompatibilities=["FARGATE"], NetworkMode="awsvpc",
            Cpu=str(units), Memory=str(mib), ExecutionRoleArn=_att("ExecutionRole", "Arn"),
            RuntimePlatform={"OperatingSystemFamily": "LINUX",
                             "CpuArchitecture": "ARM64" if plan.architecture == "arm64" else "X86_64"},
            Volumes=[{"Name": "tmp"}, {"Name": "predictions"}], ContainerDefinitions=[container],
        ),
        "Service": _resource(
            "AWS::ECS::Service", ServiceName=plan.name, Cluster=_ref("Cluster"), TaskDefinition=_ref("Task"),
            DesiredCount=plan.min_replicas, LaunchType="FARGATE", HealthCheckGracePeriodSeconds=60,
            DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
                                     "MinimumHealthyPercent": 100, "MaximumPercent": 200},
            NetworkConfiguration={"AwsvpcConfiguration": {
                "AssignPublicIp": "DISABLED", "Subnets": _ref("SubnetIds"), "SecurityGroups": [_att("ServiceGroup", "GroupId")]}},
            LoadBalancers=[{"ContainerName": "service", "ContainerPort": plan.port, "TargetGroupArn": _ref("Targets")}],
        ) | {"DependsOn": ["Listener"]},
    }  # fmt: skip


def _reached(plan: DeployPlan) -> Node:
    """The internal load balancer and who may reach what."""
    port = _if_https(443, 80)
    return {
        "BalancerGroup": _resource(
            "AWS::EC2::SecurityGroup", GroupDescription="Callers inside the VPC", VpcId=_ref("VpcId"),
            SecurityGroupIngress=[_rule("Callers inside the VPC", port, CidrIp=_ref("VpcCidr"))],
            SecurityGroupEgress=[_rule("To the service", plan.port, CidrIp=_ref("VpcCidr"))]),
        "ServiceGroup": _resource(
            "AWS::EC2::SecurityGroup", GroupDescription="The service, reached from its balancer only", VpcId=_ref("VpcId"),
            SecurityGroupIngress=[_rule("From the balancer", plan.port,
                                        SourceSecurityGroupId=_att("BalancerGroup", "GroupId"))],
            SecurityGroupEgress=[_rule("Image and logs", 443, CidrIp="0.0.0.0/0")]),
        "Balancer": _resource(
            "AWS::ElasticLoadBalancingV2::LoadBalancer", Name=plan.name[:32].strip("-"), Scheme="internal", Type="application",
            Subnets=_ref("SubnetIds"), SecurityGroups=[_att("BalancerGroup", "GroupId")],
            LoadBalancerAttributes=[{"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"}]),
        "Targets": _resource(
            "AWS::ElasticLoadBalancingV2::TargetGroup", Name=plan.name[:32].strip("-"), Port=plan.port, Protocol="HTTP",
            TargetType="ip", VpcId=_ref("VpcId"), HealthCheckPath=READY_PATH, HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=5, HealthyThresholdCount=2, UnhealthyThresholdCount=3,
            TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]),
        "Listener": _resource(
            "AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=_ref("Balancer"), Port=port,
            Protocol=_if_https("HTTPS", "HTTP"), DefaultActions=[{"Type": "forward", "TargetGroupArn": _ref("Targets")}],
            SslPolicy=_if_https("ELBSecurityPolicy-TLS13-1-2-2021-06", _ref("AWS::NoValue")),
            Certificates=_if_https([{"CertificateArn": _ref("CertificateArn")}], _ref("AWS::NoValue"))),
    }  # fmt: skip


def _scaled(plan: DeployPlan) -> Node:
    """As many tasks as the CPU target asks for."""
    resource_id = {"Fn::Sub": "service/${Cluster}/${Service.Name}"}
    return {
        "Scaled": _resource(
            "AWS::ApplicationAutoScaling::ScalableTarget", ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount",
            ResourceId=resource_id, MinCapacity=plan.min_replicas, MaxCapacity=plan.max_replicas),
        "Scaling": _resource(
            "AWS::ApplicationAutoScaling::ScalingPolicy", PolicyName=f"{plan.name}-cpu", PolicyType="TargetTrackingScaling",
            ScalingTargetId=_ref("Scaled"),
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": plan.cpu_target, "ScaleInCooldown": 300, "ScaleOutCooldown": 60,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}),
    }  # fmt: skip


def _resource(kind: str, **properties: Any) -> Node:
    return {"Type": kind, "Properties": properties}


def _rule(told: str, port: Any, **peer: Any) -> Node:
    return {"Description": told, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}


def _ref(name: str) -> Node:
    return {"Ref": name}


def _att(name: str, attribute: str) -> Node:
    return {"Fn::GetAtt": [name, attribute]}


def _if_https(yes: Any, no: Any) -> Node:
    return {"Fn::If": ["Https", yes, no]}
