"""agents_api: agents, what happens to them, and a summary that a background worker keeps."""

import asyncio
import logging
import os
import sys
import uuid
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.database import ERRORS, open_database
from app.worker import Worker

SERVICE = os.environ.get("K_SERVICE", "agents_api")
REVISION = os.environ.get("K_REVISION", "local")

logging.basicConfig(stream=sys.stdout, level="INFO", format="%(levelname)s: %(message)s")
database = open_database(os.environ.get("DATABASE_URL"))
worker = Worker(database)


@asynccontextmanager
async def lifespan(_app):
    logging.info("Starting agents_api %s", REVISION)
    await asyncio.to_thread(worker.round)
    task = asyncio.create_task(worker.run())
    logging.info("Background worker started")
    logging.info("Application startup complete")
    yield
    task.cancel()
    logging.info("Stopped agents_api %s", REVISION)


app = FastAPI(title="agents_api", lifespan=lifespan)
app.add_middleware(
    CORSMiddleware,
    allow_origins=[origin for origin in os.environ.get("CORS_ORIGINS", "").split(",") if origin],
    allow_methods=["GET", "POST"],
    allow_headers=["content-type"],
)


class NewAgent(BaseModel):
    name: str = Field(min_length=1, max_length=100)


class NewEvent(BaseModel):
    kind: str = Field(min_length=1, max_length=100)


@app.get("/")
def about():
    return {"service": SERVICE, "revision": REVISION}


@app.get("/health")
def health():
    """Ask each dependency now: an answer from memory would hide a dead database."""
    details = {}
    try:
        database.run(("SELECT 1",))
    except ERRORS as error:
        details["database"] = type(error).__name__
    if worker.error:
        details["worker"] = worker.error
    document = {
        "status": "unhealthy" if details else "healthy",
        "revision": REVISION,
        "services": {name: name not in details for name in ("database", "worker")},
    }
    if details:
        document["details"] = details
    return JSONResponse(document, status_code=503 if details else 200)


@app.post("/agents", status_code=201)
def create_agent(agent: NewAgent):
    key = uuid.uuid4().hex
    database.run(("INSERT INTO agents (id, name) VALUES (?, ?)", key, agent.name))
    return {"id": key, "name": agent.name}


@app.get("/agents")
def list_agents():
    rows = database.run(("SELECT id, name FROM agents ORDER BY name, id",))
    return [{"id": key, "name": name} for key, name in rows]


@app.post("/agents/{agent_id}/events", status_code=201)
def record_event(agent_id: str, event: NewEvent):
    if not database.run(("SELECT 1 FROM agents WHERE id = ?", agent_id)):
        raise HTTPException(404, f"no agent {agent_id}")
    key = uuid.uuid4().hex
    sql = "INSERT INTO events (id, agent_id, kind) VALUES (?, ?, ?)"
    database.run((sql, key, agent_id, event.kind))
    return {"id": key}


@app.get("/summary")
def summary():
    sql = """SELECT agents.name, COALESCE(summaries.events, 0) FROM agents
             LEFT JOIN summaries ON summaries.agent_id = agents.id ORDER BY agents.name"""
    return [{"name": name, "events": events} for name, events in database.run((sql,))]


@app.exception_handler(ERRORS[0])
@app.exception_handler(ERRORS[1])
def database_failed(_request: Request, error: Exception):
    logging.error("DATABASE_FAILURE %s: %s", type(error).__name__, error)
    return JSONResponse({"detail": "the database does not answer"}, status_code=503)
