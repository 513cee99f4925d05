#!/bin/sh
# Runs the tests on both databases side by side: on SQLite everything that needs a database or a browser, beside it on
# PostgreSQL whatever uses a database, and then what needs neither. With arguments, each of the two runs what they name.
# More at once would take as long and make patience in tests a matter of luck. (pytest-xdist starts threads before
# gevent can patch them.)
set -u
cd "$(dirname "$0")/.." || exit
python=$1
shift

log=$(mktemp)
trap 'rm -f "$log"' EXIT

beside() {
    result=0
    "$python" -m pytest -p no:cacheprovider --database postgresql "$@" || result=1
    if [ $# -eq 0 ]; then
        "$python" -m pytest -p no:cacheprovider tests/simulator tests/deploy || result=1
    fi
    return $result
}

beside "$@" >"$log" 2>&1 &
other=$!
if [ $# -eq 0 ]; then
    set -- --ignore=tests/simulator --ignore=tests/deploy
fi
"$python" -m pytest --database sqlite "$@"
first=$?
wait $other
second=$?
echo "On PostgreSQL, and without a database:"
cat "$log"
[ $first -eq 0 ] && [ $second -eq 0 ]
