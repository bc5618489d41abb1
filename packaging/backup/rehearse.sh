#!/bin/sh
# Restores the newest backup of a folder into a place of its own and holds what is there to the rules: status 0 when it is
# sound.
#
#   rehearse.sh FOLDER
#
# A backup of SQLite goes into a temporary file. One of PostgreSQL goes into the database that REHEARSAL_DATABASE_URL names,
# and everything that is in that database is lost: make it once (createdb --owner=ROLE rehearsal), for nothing else.
set -eu

folder=${1:?name the folder of the backups}
# Names tell the time, so the last one is the newest.
newest=$(find "$folder" -maxdepth 1 -name 'registry-*' \( -name '*.db' -o -name '*.dump' \) | sort | tail -n 1)
[ -n "$newest" ] || { echo "there is no backup in $folder" >&2; exit 1; }

case $newest in
*.db)
    place=$(mktemp -d)
    trap 'rm -r "$place"' EXIT
    url="sqlite://$place/rehearsal.db?mode=rwc"
    ;;
*)
    url=${REHEARSAL_DATABASE_URL:?name a database whose content may be lost}
    [ "$url" != "${DATABASE_URL:-}" ] || { echo "REHEARSAL_DATABASE_URL is the database itself" >&2; exit 1; }
    ;;
esac
# The environment, and no command line, which others could read.
export DATABASE_URL="$url"
unset DATABASE_URL_FILE REC_REGISTRY_API REC_REGISTRY_TOKEN REC_REGISTRY_TOKEN_FILE

rec-registry backup restore "$newest" --replace
# A backup may be older than this program.
rec-registry migrate up >&2
rec-registry list
rec-registry check
