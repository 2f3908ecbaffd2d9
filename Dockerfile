# The portal for production: pages (default command), worker and beat are the same image with other commands.
FROM node:24-slim AS front-end
WORKDIR /portal
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /portal portal \
    && install -d -o portal -g portal /var/lib/voucher-portal
WORKDIR /portal
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt ./
RUN pip install --requirement requirements.txt
COPY . .
COPY --from=front-end /portal/node_modules node_modules
# Building files needs no service, so the addresses are empty words.
RUN python -m voucher_portal.catalogues compile \
    && DATABASE_URL=postgres:///none REDIS_URL=redis://none \
       python manage.py collectstatic --noinput --verbosity 0
ENV DJANGO_SETTINGS_MODULE=voucher_portal.settings.prod PORTAL_DATA_DIR=/var/lib/voucher-portal LOG_JSON=yes
USER portal
VOLUME /var/lib/voucher-portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz/live', timeout=4)"]
CMD ["gunicorn", "voucher_portal.wsgi", "--config", "python:voucher_portal.web", "--bind", "0.0.0.0:8000"]
