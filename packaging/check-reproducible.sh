#!/usr/bin/env bash
# Whether the release build gives the same bytes in another place: builds it from nothing in a folder of another name and
# depth, with another cargo home and another target directory, and compares.
#
#   packaging/check-reproducible.sh            builds twice, each in a folder of its own
#   packaging/check-reproducible.sh PROGRAM    builds once, and compares with what build-release.sh made before
#
# Each build compiles every dependency. What is not committed counts as well: the sources are what an image is built of.
set -euo pipefail
sources=$(cd "$(dirname "$0")/.." && pwd -P)
other=${1:-}
if [ -n "$other" ]; then other=$(realpath "$other"); fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Builds in a folder below the temporary one; the program is in its `out` afterwards.
build_in() {
    local folder=$made/$1
    mkdir -p "$folder/sources" "$folder/cargo"
    "$sources/packaging/build-image-stages.py" --plan |
        python3 -c 'import json, sys; print(*json.load(sys.stdin)["context"], sep="\0", end="\0")' |
        tar --create --directory "$sources" --null --files-from - | tar --extract --directory "$folder/sources"
    mkdir -p "$folder/sources/playground/dist"
    cp "$sources"/playground/dist/* "$folder/sources/playground/dist/"
    # The crates need not be fetched again.
    cp -r "${CARGO_HOME:-$HOME/.cargo}/registry" "$folder/cargo/registry"
    CARGO_HOME=$folder/cargo CARGO_TARGET_DIR=$folder/made/here "$folder/sources/packaging/build-release.sh" "$folder/out"
}

build_in here
if [ -z "$other" ]; then
    build_in some/where/else
    other=$made/some/where/else/out/rec-registry
fi
if ! cmp "$made/here/out/rec-registry" "$other"; then
    trap - EXIT
    echo "the two builds differ; what was built is in $made" >&2
    exit 1
fi
# Nothing of this machine is in it: no folder of the sources, of cargo or of a user.
if grep --quiet --text --fixed-strings -e "$sources" -e "$made" -e "${CARGO_HOME:-$HOME/.cargo}" "$other"; then
    echo "a path of this machine is in the program" >&2
    exit 1
fi
echo "the same bytes, and no path of this machine in them"
