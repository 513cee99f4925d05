#!/bin/sh
# Runs the tests on both databases at the same time: everything on SQLite, and whatever uses a database on PostgreSQL.
# (pytest-xdist starts threads before gevent can patch them.)
set -u
cd "$(dirname "$0")/.."
python=$1
shift

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$python" -m pytest --database postgresql -p no:cacheprovider "$@" >"$log" 2>&1 &
other=$!
"$python" -m pytest --database sqlite "$@"
first=$?
wait $other
second=$?
echo "On PostgreSQL:"
cat "$log"
[ $first -eq 0 ] && [ $second -eq 0 ]
