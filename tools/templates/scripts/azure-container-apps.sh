#!/usr/bin/env bash
# Roll out to Azure Container Apps: plan, confirm, apply, smoke test, roll back when that fails. Safe to run again.
# Use: TF_VAR_subscription_id=... TF_VAR_location=... TF_VAR_registry_name=... bash scripts/azure-container-apps.sh plan|apply|rollback|destroy
# The smoke test needs to reach the app: set TF_VAR_external=true, run this from inside the network, or set SMOKE=skip.
# shellcheck source=common.sh disable=SC1091,SC2034,SC2153,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=terraform.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/terraform.sh"

FIRST="azurerm_container_registry.this"

sign_in() { az acr login --name "$TF_VAR_registry_name"; }
image_there() { printf '%s/%s' "$1" "$IMAGE"; }
after_apply() { az containerapp revision list --name "$(printf '%.32s' "$NAME" | sed 's/-*$//')" --resource-group "$NAME" --output table; }
smoke_header() { printf 'Accept: application/json'; }

need az docker terraform curl
: "${TF_VAR_subscription_id:?say which subscription}" "${TF_VAR_location:?say which location}" "${TF_VAR_registry_name:?name the registry}"
main "${1:-plan}"
