#!/usr/bin/env bash
# Run the service on this machine with Docker: plan, confirm, up, smoke test, roll back when that fails.
# Use: bash scripts/compose.sh plan|apply|rollback|down
# shellcheck source=common.sh disable=SC1091,SC2153
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

BEFORE="$IMAGE:before"

running() { docker compose --project-directory "$HERE" ps --quiet 2>/dev/null; }

plan() {
  docker compose --project-directory "$HERE" config --quiet
  say "Would build $IMAGE:$TAG from $HERE and run it on 127.0.0.1:$PORT."
  if [ -n "$(running)" ]; then say "A container of it runs and would be replaced."; fi
}

rollback() {
  docker image inspect "$BEFORE" >/dev/null 2>&1 || stop "There is no image from before, so there is nothing to go back to."
  docker tag "$BEFORE" "$IMAGE:$TAG"
  docker compose --project-directory "$HERE" up --detach --no-build --wait
  smoke "http://127.0.0.1:$PORT"
}

apply() {
  local could_go_back=no
  plan
  confirm "Build and run it?"
  if [ -n "$(running)" ] && docker image inspect "$IMAGE:$TAG" >/dev/null 2>&1; then
    docker tag "$IMAGE:$TAG" "$BEFORE"
    could_go_back=yes
  fi
  docker compose --project-directory "$HERE" build
  if docker compose --project-directory "$HERE" up --detach --wait && smoke "http://127.0.0.1:$PORT"; then return 0; fi
  docker compose --project-directory "$HERE" logs --tail 50 >&2 || true
  if [ "$could_go_back" = yes ]; then
    say "It failed. Going back to the image from before."
    rollback
  fi
  exit 1
}

need docker curl
case "${1:-plan}" in
  plan) plan ;;
  apply) apply ;;
  rollback) confirm "Go back to the image from before?"; rollback ;;
  down) confirm "Stop and remove the container?"; docker compose --project-directory "$HERE" down ;;
  *) stop "Use: bash scripts/compose.sh plan|apply|rollback|down" ;;
esac
