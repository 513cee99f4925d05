#!/bin/sh
# Runs the tests in parts, side by side: many of them wait more than they compute. On SQLite everything, on PostgreSQL
# whatever uses a database. With arguments, the two databases side by side, each with what is named.
# (pytest-xdist starts threads before gevent can patch them.)
set -u
cd "$(dirname "$0")/.." || exit
python=$1
shift

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
parts=""

# A part of the tests in the background: its name, and pytest's arguments.
part() {
    name=$1
    shift
    "$python" -m pytest -p no:cacheprovider "$@" >"$logs/$name" 2>&1 &
    parts="$parts $name:$!"
}

if [ $# -gt 0 ]; then
    part sqlite --database sqlite "$@"
    part postgresql --database postgresql "$@"
else
    apart="--ignore=tests/wire --ignore=tests/certification --ignore=tests/simulator --ignore=tests/deploy"
    # shellcheck disable=SC2086
    part rules-and-pages-sqlite --database sqlite $apart
    # shellcheck disable=SC2086
    part rules-and-pages-postgresql --database postgresql $apart
    part wire-sqlite --database sqlite tests/wire tests/certification tests/simulator tests/deploy
    part wire-postgresql --database postgresql tests/wire tests/certification
fi

result=0
for one in $parts; do
    wait "${one#*:}" || result=1
    echo "== ${one%:*}"
    cat "$logs/${one%:*}"
done
exit $result
