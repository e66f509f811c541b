# A node with its page: `docker build -t tabchain .`, then `docker run -p 127.0.0.1:3000:3000 tabchain --dev --mine`.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /tabchain
COPY . .
RUN cargo build --release --locked --bin tabchain
RUN make build

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data tabchain && install --directory --owner=tabchain --mode=0700 /data
COPY --from=build /tabchain/target/release/tabchain /usr/local/bin/tabchain
COPY --from=build /tabchain/dist /usr/share/tabchain
USER tabchain
VOLUME /data
EXPOSE 3000 4000
# The interface is reached from outside the container, so requests carry a token; without one given the node does not start.
ENV TABCHAIN_DATA_DIR=/data TABCHAIN_PAGE=/usr/share/tabchain TABCHAIN_HTTP=0.0.0.0:3000 TABCHAIN_LISTEN=/ip4/0.0.0.0/tcp/4000
STOPSIGNAL SIGTERM
ENTRYPOINT ["tabchain", "node"]
