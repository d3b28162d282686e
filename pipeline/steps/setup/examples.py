"""A Dockerfile to begin with, for a repository that has none."""

from __future__ import annotations

from pathlib import Path

_EXAMPLES = {
    "requirements.txt": (
        "FROM python:3.12-slim",
        "ENV PYTHONUNBUFFERED=1",
        "WORKDIR /app",
        "COPY requirements.txt .",
        "RUN pip install --no-cache-dir -r requirements.txt",
        "COPY . .",
        "USER nobody",
        'CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT main:app"]',
    ),
    "package.json": (
        "FROM node:22-slim",
        "ENV NODE_ENV=production",
        "WORKDIR /app",
        "COPY package*.json ./",
        "RUN npm ci --omit=dev",
        "COPY . .",
        "USER node",
        'CMD ["node", "server.js"]',
    ),
    "go.mod": (
        "FROM golang:1.24 AS build",
        "WORKDIR /src",
        "COPY . .",
        "RUN CGO_ENABLED=0 go build -o /server .",
        "FROM gcr.io/distroless/static:nonroot",
        "COPY --from=build /server /server",
        'CMD ["/server"]',
    ),
}


def example(root: Path) -> tuple[str, ...]:
    """One that fits what the folder has; Python's where nothing is known."""
    fitting = (lines for name, lines in _EXAMPLES.items() if (root / name).is_file())
    return next(fitting, _EXAMPLES["requirements.txt"])
