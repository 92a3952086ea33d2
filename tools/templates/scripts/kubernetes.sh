#!/usr/bin/env bash
# Roll out to a Kubernetes cluster: plan, confirm, apply, smoke test, roll back when that fails. Safe to run again.
# Use: REGISTRY=registry.example.com/team CONTEXT=my-cluster bash scripts/kubernetes.sh plan|apply|rollback|status dev|staging|prod
# shellcheck source=common.sh disable=SC1091,SC2153
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

STAGE="${2:-dev}"
NAMESPACE="$NAME-$STAGE"

kube() { kubectl --context "$CONTEXT" --namespace "$NAMESPACE" "$@"; }

# rendered: a Kustomize folder with the digest that was pushed, and with as many replicas as run now, so that
# applying again never undoes what the autoscaler did.
rendered() {
  local replicas
  FOLDER="$(mktemp -d "$HERE/k8s/rollout.XXXXXX")"
  trap 'rm -rf "$FOLDER"' EXIT
  {
    printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ../overlays/%s\n' "$STAGE"
    if [ -n "${IMAGE_DIGEST:-}" ]; then
      printf 'images:\n  - name: %s\n    newName: %s\n    digest: %s\n' "$IMAGE" "${IMAGE_DIGEST%@*}" "${IMAGE_DIGEST#*@}"
    fi
    replicas="$(kube get deployment "$NAME" --output 'jsonpath={.spec.replicas}' 2>/dev/null || true)"
    if [ -n "$replicas" ] && kube get horizontalpodautoscaler "$NAME" >/dev/null 2>&1; then
      printf 'replicas:\n  - name: %s\n    count: %s\n' "$NAME" "$replicas"
    fi
  } >"$FOLDER/kustomization.yaml"
}

plan() {
  rendered
  say "Cluster $CONTEXT, namespace $NAMESPACE:"
  kubectl --context "$CONTEXT" diff --kustomize "$FOLDER" || [ $? -eq 1 ] || stop "The cluster refused the files."
}

check() {
  local port
  port="$((20000 + RANDOM % 20000))"
  kube port-forward "service/$NAME" "$port:$PORT" >/dev/null &
  local forward=$!
  if smoke "http://127.0.0.1:$port"; then kill "$forward"; return 0; fi
  kill "$forward" 2>/dev/null || true
  return 1
}

apply() {
  if [ -n "${REGISTRY:-}" ]; then
    need docker
    confirm "Build $IMAGE:$TAG and push it to $REGISTRY?"
    push "$REGISTRY"
  elif [ "$STAGE" = prod ]; then
    stop "Set REGISTRY: production is rolled out by the digest of an image in a registry."
  fi
  plan
  confirm "Apply this to $CONTEXT?"
  kubectl --context "$CONTEXT" apply --kustomize "$FOLDER"
  if kube rollout status "deployment/$NAME" --timeout 300s && check; then return 0; fi
  kube get pods --output wide >&2 || true
  kube logs "deployment/$NAME" --tail 50 >&2 || true
  say "It failed. Going back to the revision before."
  kube rollout undo "deployment/$NAME" && kube rollout status "deployment/$NAME" --timeout 300s
  exit 1
}

case "$STAGE" in dev | staging | prod) ;; *) stop "The stage is dev, staging or prod, not $STAGE." ;; esac
need kubectl curl
CONTEXT="${CONTEXT:-$(kubectl config current-context 2>/dev/null || true)}"
[ -n "$CONTEXT" ] || stop "Name the cluster: CONTEXT=..., one of: $(kubectl config get-contexts --output name | tr '\n' ' ')"
case "${1:-plan}" in
  plan) plan ;;
  apply) apply ;;
  rollback)
    confirm "Go back one revision in $CONTEXT, $NAMESPACE?"
    kube rollout undo "deployment/$NAME" && kube rollout status "deployment/$NAME" --timeout 300s
    ;;
  status) kube get deployment,horizontalpodautoscaler,pods --selector "app.kubernetes.io/name=$NAME" --output wide ;;
  *) stop "Use: bash scripts/kubernetes.sh plan|apply|rollback|status dev|staging|prod" ;;
esac
