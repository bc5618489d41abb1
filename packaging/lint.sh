#!/usr/bin/env bash
# Looks at what is packaged with the tools of those who will run it: the Dockerfile, the composition, the manifests, the
# unit, and the scripts. Nothing is built or started. tests/it/packaging.rs asks whether they fit the program.
#
# Needs python3 with venv and a package index, and kubectl (kustomize is in it) and systemd-analyze; where those two are
# missing, it says what nobody looked at.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${CARGO_TARGET_DIR:-target}/packaging-lint
if ! cmp -s packaging/lint-requirements.txt "$tools/requirements"; then
    python3 -m venv --clear "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement packaging/lint-requirements.txt
    cp packaging/lint-requirements.txt "$tools/requirements"
fi
PATH=$(realpath "$tools")/bin:$PATH
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT

not_looked_at() { echo "NOT LOOKED AT: $1 ($2 is missing)" >&2; }

hadolint Dockerfile
packaging/build-image-stages.py --plan >"$made/plan.json"
docker-compose --file packaging/compose/compose.yaml config --quiet
shellcheck --severity=warning .ci/run packaging/*.sh packaging/backup/*.sh packaging/image/*.sh

if command -v kubectl >/dev/null; then
    kubectl kustomize packaging/kubernetes >"$made/rendered.yaml"
    kubernetes-validate --quiet --strict "$made/rendered.yaml"
else
    not_looked_at "the kustomization as a whole" kubectl
    kubernetes-validate --quiet --strict packaging/kubernetes/[!k]*.yaml
fi
kubernetes-validate --quiet --strict packaging/kubernetes/secret.example.yaml

if command -v systemd-analyze >/dev/null; then
    # The program need not be installed to look at its units.
    for unit in packaging/rec-registry.service packaging/backup/rec-registry-backup.service; do
        sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' "$unit" >"$made/${unit##*/}"
    done
    cp packaging/backup/rec-registry-backup.timer "$made"
    systemd-analyze verify "$made/rec-registry.service" "$made/rec-registry-backup.service" "$made/rec-registry-backup.timer"
else
    not_looked_at "the units" systemd-analyze
fi
echo "packaging: nothing to complain of"
