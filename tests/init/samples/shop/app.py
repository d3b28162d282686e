"""A shop: its items, and whether it can sell."""

import os

from flask import Flask, jsonify

app = Flask(__name__)
ITEMS = {"tea": 3, "coffee": 4}


@app.get("/items")
def items():
    return jsonify(ITEMS)


@app.get("/api/health")
def health():
    return jsonify({"status": "ok", "items": len(ITEMS), "revision": os.environ.get("K_REVISION")})
