#!/bin/sh
# Backs up Chargeyard while it runs: the database (SQLite or PostgreSQL) and the secret key.
#
#   backup.sh [FOLDER [KEEP]]
#
# Each backup is a folder chargeyard-<UTC time> in FOLDER (default: backups in the data folder). A copy is
# checked before it counts; only then are all but the KEEP newest (default: 14) removed. When anything fails,
# nothing is removed and the exit status is not 0.
#
# Reads CSMS_DATA_DIR and CSMS_DATABASE_URL as the server does. SQLite needs Python (CHARGEYARD_PYTHON, else
# the one in .venv, else python3); PostgreSQL needs pg_dump and pg_restore, not older than the server.
set -eu
umask 077

die() {
    echo "backup: failed, earlier backups are untouched: $*" >&2
    exit 1
}

choose_python() {
    home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
    if [ -n "${CHARGEYARD_PYTHON:-}" ]; then
        echo "$CHARGEYARD_PYTHON"
    elif [ -x "$home/.venv/bin/python" ]; then
        echo "$home/.venv/bin/python"
    else
        echo python3
    fi
}

# SQLite's own backup: one consistent moment, and the server goes on writing. The journal mode is set back so
# that the copy is a single file.
back_up_sqlite() {
    [ -f "$1" ] || die "there is no database at $1"
    "$(choose_python)" - "$1" "$work/chargeyard.db" <<'PYTHON' || die "the copy of $1 is not sound"
import sqlite3
import sys
from pathlib import Path

source, copy = (Path(name).resolve() for name in sys.argv[1:])
try:
    live = sqlite3.connect(source.as_uri() + "?mode=rw", uri=True, timeout=30)
    target = sqlite3.connect(copy)
    live.backup(target)
    target.execute("PRAGMA journal_mode = DELETE")
    found = target.execute("PRAGMA integrity_check").fetchone()[0]
    tables = target.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    target.close()
    live.close()
except sqlite3.Error as error:
    sys.exit(f"backup: {source}: {error}")
if found != "ok" or not tables:
    sys.exit(f"backup: {source}: {found if tables else 'no tables'}")
PYTHON
}

percent_decoded() {
    printf '%s' "$1" | LC_ALL=C awk '{
        while (match($0, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
            digits = tolower(substr($0, RSTART + 1, 2))
            code = index("0123456789abcdef", substr(digits, 1, 1)) * 16 - 16
            code += index("0123456789abcdef", substr(digits, 2, 1)) - 1
            printf "%s%c", substr($0, 1, RSTART - 1), code
            $0 = substr($0, RSTART + 3)
        }
        printf "%s", $0
    }'
}

# Moves the password of $url into the environment: every user of the machine can read the command line.
hide_password() {
    scheme=${url%%://*}
    rest=${url#*://}
    authority=${rest%%[/?]*}
    case $authority in
        *:*@*) ;;
        *) return 0 ;;
    esac
    login=${authority%@*}
    PGPASSWORD=$(percent_decoded "${login#*:}")
    export PGPASSWORD
    url="$scheme://${login%%:*}@${rest#"$login"@}"
}

# Reading the whole dump back proves more than its table of contents does.
back_up_postgresql() {
    hide_password
    pg_dump --format=custom --no-owner --no-privileges --file="$work/chargeyard.dump" --dbname="$url" ||
        die "pg_dump did not finish"
    pg_restore --list "$work/chargeyard.dump" | grep -q 'TABLE DATA' || die "the dump holds no tables"
    pg_restore --file=/dev/null "$work/chargeyard.dump" || die "the dump cannot be read back"
}

back_up_secret_key() {
    if [ -f "$data/secret.key" ]; then
        cp -- "$data/secret.key" "$work/secret.key" || die "the secret key cannot be copied"
    fi
}

prune() {
    set -- "$folder"/chargeyard-[0-9]*T[0-9]*Z
    while [ $# -gt "$keep" ]; do
        rm -rf -- "$1"
        shift
    done
    # What a power cut left of an unfinished backup.
    find "$folder" -maxdepth 1 -name '.chargeyard-*.partial' -mtime +0 -exec rm -rf {} +
}

data=${CSMS_DATA_DIR:-data}
url=${CSMS_DATABASE_URL:-sqlite:///$data/chargeyard.db}
folder=${1:-$data/backups}
keep=${2:-14}

case $keep in
    '' | 0* | *[!0-9]*) die "KEEP must be a whole number from 1 on, but it is '$keep'" ;;
esac

name=chargeyard-$(date -u +%Y%m%dT%H%M%SZ)
work=$folder/.$name.partial
mkdir -p -- "$folder" || die "the folder $folder cannot be made"
[ ! -e "$folder/$name" ] || die "$folder/$name exists already"
mkdir -- "$work" || die "$work cannot be made"
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM

case $url in
    sqlite:///*) back_up_sqlite "${url#sqlite:///}" ;;
    postgresql://* | postgres://*) back_up_postgresql ;;
    *) die "CSMS_DATABASE_URL must begin with sqlite:/// or postgresql://" ;;
esac
back_up_secret_key
sync
mv -- "$work" "$folder/$name" || die "$work cannot be renamed"
prune
echo "backup: $folder/$name"
