#!/bin/sh
# Runs the tests on both databases at the same time: on SQLite everything that needs a database or a browser, beside it
# on PostgreSQL whatever uses a database, and then what needs neither. With arguments, each of the two runs what they
# name. (pytest-xdist starts threads before gevent can patch them.)
set -u
cd "$(dirname "$0")/.." || exit
python=$1
shift

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ $# -eq 0 ]; then
    without_database="tests/simulator tests/deploy"
    here="--ignore=tests/simulator --ignore=tests/deploy"
else
    without_database=""
    here=""
fi

beside() {
    result=0
    "$python" -m pytest --database postgresql -p no:cacheprovider "$@" || result=1
    if [ -n "$without_database" ]; then
        # shellcheck disable=SC2086
        "$python" -m pytest -p no:cacheprovider $without_database || result=1
    fi
    return $result
}

beside "$@" >"$log" 2>&1 &
other=$!
# shellcheck disable=SC2086
"$python" -m pytest --database sqlite $here "$@"
first=$?
wait $other
second=$?
echo "On PostgreSQL, and without a database:"
cat "$log"
[ $first -eq 0 ] && [ $second -eq 0 ]
