FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY chat chat
RUN python3 -m venv /opt/chat && /opt/chat/bin/pip install --no-cache-dir .

FROM python:3.11-slim
COPY --from=build /opt/chat /opt/chat
ENV PATH=/opt/chat/bin:$PATH PYTHONUNBUFFERED=1 CHAT_SERVE_STORE=/data
RUN useradd --create-home --uid 10001 chat && install -d -o chat -g chat -m 700 /data
USER chat
VOLUME /data
EXPOSE 9999/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["chat", "status", "127.0.0.1"]
ENTRYPOINT ["chat"]
CMD ["serve", "--store", "/data", "--plain", "any"]
