const http = require("node:http");

const notes = ["first"];

const server = http.createServer((request, response) => {
  if (request.url === "/health") {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ ok: true, notes: notes.length }));
    return;
  }
  response.end(notes.join("\n"));
});

process.on("SIGTERM", () => server.close(() => process.exit(0)));
server.listen(3000, "0.0.0.0");
