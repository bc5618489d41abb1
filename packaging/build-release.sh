#!/usr/bin/env bash
# The release build: one static program, the same bytes from whatever directory it is built.
#
#   packaging/build-release.sh DIR     writes DIR/rec-registry, and its SHA-256 on standard output
#
# The same sources, compiler, C compiler and libc give the same bytes. What would tell builds apart is taken out of them:
# the paths of the sources, of cargo's registry, of the toolchain and of the target directory, and the time. Static means glibc
# as well: the program runs where there is nothing else, see image/.
#
# CARGO_TARGET_DIR says where to build, SOURCE_DATE_EPOCH which time the build claims (seconds since 1970; 0 unless set).
set -euo pipefail
into=${1:?"usage: packaging/build-release.sh DIR"}
mkdir -p "$into"
into=$(cd "$into" && pwd -P)
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# The last that fits is taken: the target directory may lie among the sources.
places=(
    "$(pwd -P)=/rec-registry"
    "$(realpath -m "${CARGO_HOME:-$HOME/.cargo}")=/cargo"
    "$(rustc --print sysroot)=/rust"
    "$target_dir=/target"
)

# Random numbers come from the system call: the crate would look for the function of a shared glibc, find none in a static
# program, and take the device in its place, which a root need not have.
rust_flags=(-C target-feature=+crt-static --cfg 'getrandom_backend="linux_getrandom"')
c_flags=()
for place in "${places[@]}"; do
    rust_flags+=("--remap-path-prefix=$place")
    c_flags+=("$(printf '%q' "-ffile-prefix-map=$place")")
done
# A path may hold a blank: this variable of cargo's separates by another character, and the crate `cc` reads what a shell would.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${rust_flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
export CC_SHELL_ESCAPED_FLAGS=1 CFLAGS="${c_flags[*]}" CXXFLAGS="${c_flags[*]}"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0} CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$target_dir
# What debuggers want would be stripped below.
export CARGO_PROFILE_RELEASE_DEBUG=false

# With the target named, the flags are the program's alone, not those of what runs while it is built.
# What is put right at the start, wherever the system loads the program, is read then: packed, that is a mebibyte less of memory.
cargo rustc --release --locked --package rec-registry --bin rec-registry --target "$host" -- -C link-arg=-Wl,-z,pack-relative-relocs
# A panic is logged with its place all the same. What is loaded is the same from whatever directory it is built, but for the id of the
# build, which is a digest of all names.
strip --strip-debug --remove-section=.note.gnu.build-id -o "$into/rec-registry" "$target_dir/$host/release/rec-registry"
(cd "$into" && sha256sum rec-registry)
