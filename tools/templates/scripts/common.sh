# shellcheck shell=bash
# Shared by the scripts beside it: the settings, the typed yes, the smoke test. Read, not run.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=/dev/null
. "$HERE/scripts/settings.env"

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 2; }

# need TOOL...: stop with a sentence when one is missing.
need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || stop "$tool is needed here and is not installed."
  done
}

# confirm SENTENCE: go on only when the deployment's name is typed. Pipelines with an approval step of their own
# set CONFIRMED to that name.
confirm() {
  local answer=""
  if [ "${CONFIRMED:-}" = "$NAME" ]; then return 0; fi
  printf '%s\nType %s to go on: ' "$1" "$NAME"
  read -r answer || true
  if [ "$answer" != "$NAME" ]; then
    say "Nothing was changed."
    exit 3
  fi
}

# smoke URL [HEADER]: ready, known by the V2 protocol, and one prediction where a sample request lies here.
# Cloud Run keeps paths that end in z to itself, so readiness is asked for by the V2 path.
smoke() {
  local url="$1" header="${2:-Accept: application/json}"
  curl --fail --silent --show-error --output /dev/null --max-time 10 --retry 30 --retry-delay 2 --retry-all-errors \
    --header "$header" "$url/v2/health/ready" || return 1
  curl --fail --silent --show-error --output /dev/null --max-time 10 --header "$header" "$url/v2/models/$MODEL/ready" || return 1
  if [ -f "$HERE/service/sample_request.json" ]; then
    curl --fail --silent --show-error --output /dev/null --max-time 30 --header "$header" \
      --header 'Content-Type: application/json' --data "@$HERE/service/sample_request.json" "$url/predict" || return 1
  fi
  say "It is ready and answers."
}

# push REGISTRY: build, push, and set IMAGE_DIGEST to what the registry keeps.
push() {
  local there="$1/$IMAGE:$TAG"
  docker build --platform "linux/$ARCHITECTURE" --tag "$there" "$HERE"
  docker push "$there"
  IMAGE_DIGEST="$(docker inspect --format '{{index .RepoDigests 0}}' "$there")"
  case "$IMAGE_DIGEST" in
    "$1/$IMAGE@sha256:"*) say "Pushed $IMAGE_DIGEST" ;;
    *) stop "The registry gave no digest for $there, so nothing is rolled out." ;;
  esac
}
