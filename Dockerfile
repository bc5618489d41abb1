# The image of the registry: one static program, and nothing else to run.
#
#   docker build --tag rec-registry .
#
# packaging/build-image-stages.py reads this file and does the same without Docker, with the tools of the machine;
# packaging/README.md tells what of it was run where. The words after each RUN are therefore one plain command, and
# paths are absolute within their stage.

ARG NODE_IMAGE=docker.io/library/node:22-bookworm-slim
ARG RUST_IMAGE=docker.io/library/rust:1.95-bookworm

# What a browser gets at /graphql.
FROM ${NODE_IMAGE} AS playground
WORKDIR /src/playground
COPY playground/package.json playground/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY playground/ ./
COPY src/graphql/playground/examples.js /src/src/graphql/playground/
RUN npm run build

# The program, and the files around it.
FROM ${RUST_IMAGE} AS program
WORKDIR /src
COPY . ./
COPY --from=playground /src/playground/dist/ playground/dist/
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target packaging/build-release.sh out
RUN packaging/image/root.sh out

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rec-registry" \
      org.opencontainers.image.description="The registry of renewable energy communities" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=program /src/out/root/ /
# SQLite's directory, when no PostgreSQL is named. Mount a volume here.
COPY --from=program --chown=65532:65532 /src/out/data/ /data/
# Within a container the loopback is nobody else's; who reaches the port is decided outside. The allocator gives what is
# free back at once, and looks for it ten times as often as it would: less memory, at a few per cent of the rate. What is to be
# given back later it can forget to (benches/RESULTS.md), and keeps from then on.
ENV REC_REGISTRY_LISTEN=0.0.0.0:8004 \
    REC_REGISTRY_LOG_FORMAT=json \
    MIMALLOC_PURGE_DELAY=0 \
    MIMALLOC_GENERIC_COLLECT=1000
EXPOSE 8004
WORKDIR /
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/rec-registry", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/rec-registry"]
CMD ["serve"]
