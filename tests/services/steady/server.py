"""Healthy, and quick enough for hundreds of requests a second; /turn-bad/REVISION ends that."""

import asyncio
import json
import os
import signal

REVISION = os.environ.get("K_REVISION", "none")
STATUS = {True: "200 OK", False: "503 Service Unavailable"}
well = True


def answer(path):
    global well
    if path == f"/turn-bad/{REVISION}":
        well = False
    body = json.dumps({"status": "healthy", "services": {"server": well}, "revision": REVISION})
    return (
        f"HTTP/1.1 {STATUS[well]}\r\nContent-Type: application/json\r\nX-Revision: {REVISION}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


async def serve(reader, writer):
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(request.split(b" ", 2)[1].decode()).encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    server = await asyncio.start_server(serve, "0.0.0.0", int(os.environ["PORT"]))
    print("Application startup complete", flush=True)
    await server.serve_forever()


asyncio.run(main())
