# shellcheck shell=bash disable=SC2153
# Shared by the cloud scripts beside it: Terraform with a typed yes before every change. Read, not run.
# A cloud script gives FIRST (the registry's address), sign_in, image_there, after_apply and smoke_header.

tf() { terraform "-chdir=$HERE/terraform" "$@"; }

# known NAME: an output of what runs now; empty when there is none.
known() { tf output -raw "$1" 2>/dev/null || true; }

init() { tf init -input=false >/dev/null; }

# The image must lie in its registry before anything can run it, so the registry comes first.
registry() {
  local repository
  tf plan -input=false -out "$PLANS/registry" -target "$FIRST" -var "image_digest=sha256:none" >&2
  confirm "Create or keep the registry as shown?" >&2
  tf apply -input=false "$PLANS/registry" >&2
  repository="$(known repository)"
  [ -n "$repository" ] || stop "The registry has no address, so nothing can be pushed."
  REPOSITORY="$repository"
}

built() {
  local there
  sign_in "$REPOSITORY"
  there="$(image_there "$REPOSITORY")"
  docker build --platform "linux/$ARCHITECTURE" --tag "$there:$TAG" "$HERE"
  # A tag that cannot be overwritten and is there already holds this very version: its digest is taken.
  docker push "$there:$TAG" || docker pull "$there:$TAG"
  IMAGE_DIGEST="$(docker inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$there:$TAG" | grep -F "$there@" | head -n 1)"
  IMAGE_DIGEST="${IMAGE_DIGEST#*@}"
  case "$IMAGE_DIGEST" in sha256:*) ;; *) stop "The registry gave no digest, so nothing is rolled out." ;; esac
}

# Chained, as a failing step does not end a function that an `if` calls.
roll() {
  tf plan -input=false -out "$PLANS/all" -var "image_digest=$1" &&
    confirm "Apply this plan?" &&
    tf apply -input=false "$PLANS/all" &&
    after_apply
}

healthy() {
  [ "${SMOKE:-}" != skip ] || { say "The smoke test was skipped."; return 0; }
  smoke "$(known url)" "$(smoke_header)"
}

apply() {
  local before
  init
  before="$(known image_digest)"
  registry
  confirm "Build $IMAGE:$TAG and push it to $REPOSITORY?"
  built
  if roll "$IMAGE_DIGEST" && healthy; then
    case "$before" in
      sha256:none | "$IMAGE_DIGEST" | "") ;;
      sha256:*) printf '%s\n' "$before" >"$HERE/terraform/previous-digest" ;;
    esac
    return 0
  fi
  case "$before" in
    sha256:none | "") stop "It failed, and there is nothing from before to go back to." ;;
    *) say "It failed. Going back to $before."; CONFIRMED="$NAME" roll "$before"; exit 1 ;;
  esac
}

rollback() {
  [ -s "$HERE/terraform/previous-digest" ] || stop "No earlier image is known here, so there is nothing to go back to."
  init
  roll "$(cat "$HERE/terraform/previous-digest")"
  healthy
}

main() {
  PLANS="$(mktemp -d)"
  trap 'rm -rf "$PLANS"' EXIT
  case "$1" in
    plan) init; tf plan -input=false -var "image_digest=$(known image_digest | grep . || printf 'sha256:none')" ;;
    apply) apply ;;
    rollback) rollback ;;
    destroy) init; tf plan -destroy -input=false -out "$PLANS/gone" -var "image_digest=sha256:none"; confirm "Destroy all of this?"; tf apply -input=false "$PLANS/gone" ;;
    *) stop "Use: plan|apply|rollback|destroy" ;;
  esac
}
