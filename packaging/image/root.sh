#!/usr/bin/env bash
# The root file system of the image: the program, and the few files that are looked for around it.
#
#   packaging/image/root.sh OUT     makes OUT/root and OUT/data anew, from OUT/rec-registry
set -euo pipefail
out=${1:?"usage: packaging/image/root.sh OUT"}
root=$out/root

rm -rf "$root" "$out/data"
install -D -m 0755 "$out/rec-registry" "$root/usr/local/bin/rec-registry"

# Whom to believe when the issuer of tokens is asked over TLS. SSL_CERT_FILE names other roots.
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

# How glibc, which is in the program, finds the addresses of names. The container's own /etc/hosts and
# /etc/resolv.conf are laid over the root by whoever runs it.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# The program asks for no name of its user; tools that look into a container do.
echo 'rec-registry:x:65532:65532:rec-registry:/data:/sbin/nologin' >"$root/etc/passwd"
echo 'rec-registry:x:65532:' >"$root/etc/group"

# SQLite's files of a moment.
install -d -m 1777 "$root/tmp"

# SQLite's database. Not below the root, since it goes to somebody else.
install -d -m 0700 "$out/data"
