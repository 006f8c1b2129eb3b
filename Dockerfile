# Dependencies first, so that a change of the code does not install them again.
FROM python:3.14-slim AS build
WORKDIR /build
RUN python -m venv /opt/wingcord
COPY requirements-postgresql.lock .
RUN /opt/wingcord/bin/pip install --no-cache-dir --require-hashes --requirement requirements-postgresql.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY migrations migrations
RUN /opt/wingcord/bin/pip install --no-cache-dir --no-deps .

FROM python:3.14-slim
RUN useradd --create-home --home-dir /app --uid 10001 wingcord && install --directory --owner wingcord --mode 700 /app/data
COPY --from=build /opt/wingcord /opt/wingcord
USER wingcord
WORKDIR /app
# The health check asks inside the container; publish another HTTP_LISTEN to let a monitor in. An empty one, as in an
# --env-file made from .env.example, switches the page off, and then there is nothing to ask.
ENV PATH=/opt/wingcord/bin:$PATH PYTHONUNBUFFERED=1 HTTP_LISTEN=127.0.0.1:8080
VOLUME /app/data
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; at = os.environ.get('HTTP_LISTEN', '').strip(' \"'); at and u.urlopen('http://127.0.0.1:' + at.rpartition(':')[2] + '/healthz', timeout=4)"]
# Not through a shell: the bot itself gets SIGTERM, delivers what it has read and ends.
ENTRYPOINT ["python", "-m", "bot"]
