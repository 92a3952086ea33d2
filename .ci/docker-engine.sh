#!/usr/bin/env bash
# A Docker engine and the base image python:X.Y-slim, on a Debian 12 machine without an image registry.
#
#   bash .ci/docker-engine.sh [3.11]
#
# Does nothing where an engine answers and has the image. Otherwise: installs Debian's engine (root), starts it, and puts
# the image together from a Debian root file system (debootstrap) and this machine's CPython, so that an unmodified
# "FROM python:3.11-slim" builds. About 20 s for the engine and 60 to 160 s for the image on an idle to busy machine of
# two cores; 1 s when all is there. The engine is left running.
#   ENGINE_DATA   folder of the engine's data (default /var/lib/docker)
#   ENGINE_CACHE  work folder, keeps the root file system for the next run (default /tmp/opsmith-engine)
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
python_version=${1:-3.11}
cache=${ENGINE_CACHE:-/tmp/opsmith-engine}
image=python:$python_version-slim
mkdir -p "$cache"

say() { printf '[engine %3ss] %s\n' "$SECONDS" "$*" >&2; }
fail() { say "$*"; exit 1; }
answers() { docker info >/dev/null 2>&1; }

need() {
  local package missing=()
  for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$cache/apt.log" 2>&1 ||
    { tail -15 "$cache/apt.log" >&2; fail "the packages could not be installed"; }
}

engine() {
  answers && return
  [ "$(id -u)" = 0 ] || fail "no engine answers, and only root can start one"
  need docker.io iptables ca-certificates
  answers && return
  # What a killed engine left behind would keep a new one from starting.
  local pid_file
  for pid_file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
    [ -f "$pid_file" ] && ! kill -0 "$(cat "$pid_file")" 2>/dev/null && rm -f "$pid_file"
  done
  setsid nohup dockerd --data-root "${ENGINE_DATA:-/var/lib/docker}" >"$cache/dockerd.log" 2>&1 </dev/null 9>&- &
  for _ in $(seq 120); do answers && return; sleep 0.5; done
  tail -15 "$cache/dockerd.log" >&2
  fail "the engine did not start"
}

# Where a whole CPython of that version lives outside the system's own folders; nothing when there is none.
own_python() {
  local found prefix
  for found in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$python_version".*/bin/python"$python_version" \
    "$(command -v "python$python_version" || true)"; do
    [ -x "$found" ] || continue
    prefix=$("$found" -c 'import ensurepip, sqlite3, ssl, sys; print(sys.base_prefix)' 2>/dev/null) || continue
    [ "$prefix" = /usr ] || { echo "$prefix"; return; }
  done
}

root_file_system() {
  [ -f "$cache/debian.tar" ] && return
  need debootstrap
  local root=$cache/debian libraries=ca-certificates,netbase,tzdata
  libraries+=,libbz2-1.0,libexpat1,libffi8,libgdbm6,liblzma5,libncursesw6,libnsl2,libreadline8,libsqlite3-0,libssl3,libtirpc3,libuuid1,zlib1g
  rm -rf "$root"
  say "making a Debian root file system"
  debootstrap --variant=minbase --include="$libraries" bookworm "$root" >"$cache/debootstrap.log" 2>&1 ||
    { tail -15 "$cache/debootstrap.log" >&2; fail "debootstrap failed"; }
  # A certificate authority of this machine (a company's proxy) must be known inside builds as well.
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
  fi
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf"
  # As slim images are: no manuals, no caches.
  rm -rf "$root"/usr/share/{doc,info,locale,man}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
  tar -C "$root" --numeric-owner -cf "$cache/debian.tar.part" .
  mv "$cache/debian.tar.part" "$cache/debian.tar"
  rm -rf "$root"
}

base_image() {
  docker image inspect "$image" >/dev/null 2>&1 && return
  root_file_system
  local root=$cache/image prefix full
  rm -rf "$root"; mkdir -p "$root"
  tar -C "$root" -xpf "$cache/debian.tar"
  prefix=$(own_python)
  if [ -n "$prefix" ]; then
    say "adding CPython from this machine"
    mkdir -p "$root/usr/local/bin" "$root/usr/local/lib" "$root/usr/local/include"
    cp -a "$prefix/bin/python$python_version" "$root/usr/local/bin/"
    cp -a "$prefix"/lib/libpython"$python_version"*.so* "$root/usr/local/lib/" 2>/dev/null || true # not in a static build
    cp -a "$prefix/include/python$python_version" "$root/usr/local/include/"
    tar -C "$prefix/lib" --exclude=__pycache__ --exclude='*.a' --exclude="python$python_version/site-packages/*" \
      --exclude="python$python_version/test" --exclude="python$python_version/idlelib" --exclude="python$python_version/tkinter" \
      -cf - "python$python_version" | tar -C "$root/usr/local/lib" -xf -
    chroot "$root" ldconfig
    chroot "$root" "/usr/local/bin/python$python_version" -m ensurepip --default-pip >/dev/null 2>&1
  else
    [ "$python_version" = 3.11 ] || fail "there is no CPython $python_version here, and Debian 12 has 3.11 only"
    say "adding Debian's own CPython"
    mount -t proc proc "$root/proc"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    { chroot "$root" apt-get update -qq && chroot "$root" apt-get install -y -qq --no-install-recommends python3 python3-venv python3-pip; } \
      >"$cache/python.log" 2>&1 || { umount "$root/proc"; tail -15 "$cache/python.log" >&2; fail "Debian's CPython could not be installed"; }
    umount "$root/proc"
    rm -rf "$root"/usr/lib/python3*/EXTERNALLY-MANAGED "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
    ln -s /usr/bin/python3 "$root/usr/local/bin/python$python_version"
  fi
  ln -sf "python$python_version" "$root/usr/local/bin/python3"
  ln -sf python3 "$root/usr/local/bin/python"
  full=$(chroot "$root" python -c 'import bz2, ctypes, lzma, pip, platform, sqlite3, ssl; print(platform.python_version())') ||
    fail "the interpreter does not work in the image"
  find "$root/usr/local" -name __pycache__ -prune -exec rm -rf {} +
  : >"$root/etc/resolv.conf"
  tar -C "$root" --numeric-owner -cf - . | docker import --message "stand-in for $image" \
    --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'ENV LANG=C.UTF-8' \
    --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' --change "ENV PYTHON_VERSION=$full" \
    --change 'CMD ["python3"]' - "$image" >/dev/null
  rm -rf "$root"
}

exec 9>"$cache/lock"
flock 9 # one run at a time on a machine
engine
base_image
say "engine $(docker version -f '{{.Server.Version}}') has $image ($(docker image inspect -f '{{.Size}}' "$image" | awk '{printf "%d MB", $1 / 1e6}'))"
