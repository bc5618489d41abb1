# One throw-away PostgreSQL server: lives as long as the standard input stays open, then goes without a trace.
#
# Run by `sh -c`, with its own text as the first argument, the server's options as the second, and perhaps a folder for its data as
# the third. It prints the directory of its Unix socket once the server answers,
# or the reason why there is none, and fails. Then it obeys: `stop` and `start` on its standard input are each answered with
# `done`, and so are `follow`, which makes a second server that follows the first, with its socket in the folder `standby` of
# that directory, and `promote`, after which that one follows nobody. The server listens on that socket alone, in a directory
# that only its own user can enter, so it takes no port and needs no password. It never runs as root.
set -eu
script=$1
options=$2

# The newest server programs of this machine: those of a package first, then what the PATH offers.
find_programs() {
    for directory in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) \
        "$(pg_config --bindir 2>/dev/null || true)" \
        "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")"; do
        if [ -x "$directory/initdb" ] && [ -x "$directory/pg_ctl" ] && [ -x "$directory/postgres" ]; then
            echo "$directory"
            return
        fi
    done
}

if [ "$(id -u)" = 0 ]; then
    for user in postgres nobody; do
        if id "$user" >/dev/null 2>&1; then
            exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups sh -c "$script" "$0" "$script" "$options" ${3+"$3"}
        fi
    done
    echo "neither a user postgres nor a user nobody to run the server as"
    exit 1
fi

programs=$(find_programs)
if [ -z "$programs" ]; then
    echo "no PostgreSQL server programs (initdb, pg_ctl, postgres) on this machine"
    exit 1
fi

# An interrupt of the tests closes the standard input; the server is then stopped below, not here.
trap '' HUP INT TERM
directory=$(mktemp -d "${TMPDIR:-/tmp}/rec-registry-postgres.XXXXXX")
trap 'rm -rf "$directory"' EXIT
cd "$directory"
log=$directory/log
data=${3:-$directory/data}
standby=$directory/standby

# A linguistic default collation where the server offers one: an order that is not byte order then shows.
create() {
    "$programs/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync "$@" >>"$log" 2>&1
}
create --locale=C --locale-provider=icu --icu-locale=en-US || create --locale=C || {
    echo "initdb failed: $(tail -n 3 "$log")"
    exit 1
}
start_in() {
    "$programs/pg_ctl" -D "$1" -l "$log" -s -w start \
        -o "-c listen_addresses= -c unix_socket_directories='$2' -c max_connections=300 $options" >>"$log" 2>&1
}
start() {
    start_in "$data" "$directory"
}
stop() {
    "$programs/pg_ctl" -D "$data" -m immediate -s stop >>"$log" 2>&1
}
is_running() {
    "$programs/pg_ctl" -D "$data" -s status >>"$log" 2>&1
}
follow() {
    mkdir "$standby"
    "$programs/pg_basebackup" -h "$directory" -U postgres -D "$standby/data" -R -X stream -c fast >>"$log" 2>&1
    start_in "$standby/data" "$standby"
}
promote() {
    "$programs/pg_ctl" -D "$standby/data" -s -w promote >>"$log" 2>&1
}
start || {
    echo "the server did not start: $(tail -n 3 "$log")"
    exit 1
}
echo "$directory"

# The end of the input is the end of the tests, however they ended.
while read -r command; do
    case $command in
    stop) stop ;;
    start) is_running || start ;;
    follow) follow ;;
    promote) promote ;;
    esac
    echo done
done
if [ -d "$standby" ]; then "$programs/pg_ctl" -D "$standby/data" -m immediate -s stop >>"$log" 2>&1 || true; fi
stop || true
