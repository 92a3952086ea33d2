#!/usr/bin/env bash
# Roll out to AWS ECS Fargate: plan, confirm, apply, smoke test, roll back when that fails. Safe to run again.
# Use: TF_VAR_region=... TF_VAR_vpc_id=... TF_VAR_subnet_ids='["subnet-a","subnet-b"]' bash scripts/aws-ecs.sh plan|apply|rollback|destroy
# The smoke test calls the internal load balancer: run this from inside the VPC, or set SMOKE=skip.
# shellcheck source=common.sh disable=SC1091,SC2034,SC2153,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=terraform.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/terraform.sh"

FIRST="aws_ecr_repository.this"

sign_in() { aws ecr get-login-password --region "$TF_VAR_region" | docker login --username AWS --password-stdin "${1%%/*}"; }
image_there() { printf '%s' "$1"; }
after_apply() {
  aws ecs wait services-stable --region "$TF_VAR_region" --cluster "$NAME" --services "$NAME"
}
smoke_header() { printf 'Accept: application/json'; }

need aws docker terraform curl
: "${TF_VAR_region:?say which region}" "${TF_VAR_vpc_id:?say which VPC}" "${TF_VAR_subnet_ids:?say which subnets}"
main "${1:-plan}"
