import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { WebSocketServer } from "ws";
import { framePage } from "./mock/plugins.ts";
import { answer } from "./mock/routes.ts";
import { seed } from "./mock/seed.ts";
import { serveMember } from "./mock/socket.ts";

/**
 * A vite plugin that answers as the server would, from memory. `PATCHBAY_MOCK_ROWS` makes the list
 * long. Sign in with any address and the password `patchbay-demo`.
 *
 * For looking at states: /api/v1/mock?signedIn=false&setUp=false&locale=zh-CN&role=agent&drop=1
 */
export function mockServer(): Plugin {
  const world = seed(Number(process.env["PATCHBAY_MOCK_ROWS"] ?? 0));
  let down = false;
  const sockets = new WebSocketServer({ noServer: true });

  function tune(query: URLSearchParams): void {
    if (query.has("signedIn")) world.signedIn = query.get("signedIn") === "true";
    if (query.has("setUp")) world.setUp = query.get("setUp") === "true";
    if (query.has("locale")) world.locale = query.get("locale") as "en";
    if (query.has("role")) world.members[0]!.role = query.get("role") as "agent";
    if (query.has("drop")) {
      down = query.get("drop") === "1";
      if (down) for (const socket of sockets.clients) socket.terminate();
    }
  }

  function serveFile(id: string, response: ServerResponse): void {
    const file = world.desk.media.files.get(id);
    response.statusCode = file ? 200 : 404;
    response.setHeader("Content-Type", file?.type ?? "text/plain");
    response.end(file?.bytes);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://mock");
    const path = url.pathname.replace(/^\/api\/v1\//, "");
    if (path === "mock") tune(url.searchParams);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    if (path.startsWith("media/")) return serveFile(path.split("/")[1]!, response);
    const isJSON = request.headers["content-type"]?.includes("json") && raw.length > 0;
    const body = isJSON ? (JSON.parse(raw.toString()) as Record<string, unknown>) : {};
    if (path.endsWith("/transcript")) return void response.setHeader("Content-Disposition", 'attachment; filename="transcript.txt"').end("…");
    const [status, answered] = path === "mock" ? [204 as number] : answer(world, request.method ?? "GET", path, url.searchParams, body, raw);
    response.statusCode = status;
    response.setHeader("Content-Type", status < 400 ? "application/json" : "application/problem+json");
    response.end(answered === undefined ? undefined : JSON.stringify(answered));
  }

  return {
    name: "patchbay-mock",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url?.startsWith("/frames/")) {
          const { type, body } = framePage(request.url, readFileSync(new URL("../../../sdk/ui/patchbay-frame.js", import.meta.url), "utf8"));
          response.setHeader("Access-Control-Allow-Origin", "*");
          return void response.setHeader("Content-Type", type).end(body);
        }
        if (!request.url?.startsWith("/api/")) return next();
        handle(request, response).catch(next);
      });
      server.httpServer?.on("upgrade", (request, socket, head) => {
        if (!request.url?.startsWith("/api/")) return;
        if (down) return void socket.destroy();
        sockets.handleUpgrade(request, socket, head, (client) => serveMember(world, client));
      });
    },
  };
}
