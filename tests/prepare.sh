#!/bin/sh
# Installs the Debian packages that tests need, where that is possible without asking; says what is missing otherwise.
set -eu
cd "$(dirname "$0")/.."

missing=""
for package in $(cat tests/packages.txt deploy/ci-packages.txt 2>/dev/null); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif [ -n "${CI:-}" ]; then
    echo "Missing for the tests:$missing" >&2
    exit 1
else
    echo "Tests that need one of these are skipped:$missing"
fi
