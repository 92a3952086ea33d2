#!/usr/bin/env bash
# Roll out to Google Cloud Run: plan, confirm, apply, smoke test, roll back when that fails. Safe to run again.
# Use: TF_VAR_project=... TF_VAR_region=... bash scripts/gcp-cloud-run.sh plan|apply|rollback|destroy
# The smoke test needs to reach the service: run this from inside the network, or set SMOKE=skip.
# shellcheck source=common.sh disable=SC1091,SC2034,SC2153,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=terraform.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/terraform.sh"

FIRST="google_artifact_registry_repository.this"

sign_in() { gcloud auth configure-docker "${1%%/*}" --quiet; }
image_there() { printf '%s/%s' "$1" "$IMAGE"; }
after_apply() { gcloud run services describe "$NAME" --project "$TF_VAR_project" --region "$TF_VAR_region" --format 'value(status.latestReadyRevisionName)'; }
smoke_header() { printf 'Authorization: Bearer %s' "$(gcloud auth print-identity-token)"; }

need gcloud docker terraform curl
: "${TF_VAR_project:?say which project}" "${TF_VAR_region:?say which region}"
main "${1:-plan}"
