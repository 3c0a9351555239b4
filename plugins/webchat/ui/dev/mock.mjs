/**
 * A stand-in for the server, for looking at the widget and trying it in a browser: the visitor's
 * part of the wire protocol, in memory, with handles to play the agent and to break things.
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8" };
export const INBOX = "inb_01HZX5YB4T9M4Q6N8R2S3V7W1K";
const API = `/api/v1/live/${INBOX}`;
/** What the core sends with frame.html, less frame-ancestors. */
const FRAME_CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** One visitor's conversation. */
class Conversation {
  changes = [];
  sockets = new Set();
  sent = new Map();

  append(change) {
    const full = { seq: this.changes.length + 1, at: new Date().toISOString(), ...change };
    this.changes.push(full);
    return full;
  }

  publish(change, except) {
    for (const socket of this.sockets) if (socket !== except) socket.say({ op: "change", change });
  }

  /** Stores a visitor's message once per id. */
  receive({ client_msg_id, text }, except) {
    const old = this.sent.get(client_msg_id);
    if (old) return { change: old, replayed: true };
    const message = { id: `msg_${randomUUID()}`, client_msg_id, sender: { kind: "visitor" }, text };
    const change = this.append({ type: "message", message });
    this.sent.set(client_msg_id, change);
    this.publish(change, except);
    return { change, replayed: false };
  }
}

export async function startMock({ settings = {} } = {}) {
  const state = { settings, epoch: "e1", sockets: true, http: true, refused: undefined, available: true, ackLost: false, expired: new Set(), requests: [], typing: [], upgrades: 0 };
  const conversations = new Map();
  const server = createServer((request, response) => {
    answer(request, response, state, conversations).catch((error) => response.destroy(error));
  });
  const upgrades = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    state.upgrades++;
    if (!state.sockets || !state.http || !request.url.startsWith(`${API}/socket`)) return socket.destroy();
    upgrades.handleUpgrade(request, socket, head, (ws) => serveSocket(ws, state, conversations));
  });
  await new Promise((resolve) => server.listen(0, resolve));
  const everyone = () => [...conversations.values()];
  const say = (frame) => everyone().forEach((c) => c.sockets.forEach((socket) => socket.say(frame)));
  const tell = (change) => everyone().forEach((c) => c.publish(c.append(structuredClone(change))));
  const drop = (code) => everyone().forEach((c) => c.sockets.forEach((socket) => (code ? socket.close(code) : socket.terminate())));
  return {
    state,
    conversations,
    port: server.address().port,
    origin: `http://127.0.0.1:${server.address().port}`,
    agent: (text, name = "Lin Yue") => tell({ type: "message", message: { id: `msg_${randomUUID()}`, sender: { kind: "agent", name }, text } }),
    joined: (name = "Lin Yue") => tell({ type: "agent_joined", name }),
    resolve: () => tell({ type: "resolved" }),
    typing: (on, name = "Lin Yue") => say({ op: "typing", name, on }),
    queue: (position, available = true) => say({ op: "queue", position, available }),
    drop,
    /** Every token ends: sockets close with 4401, requests answer 401. */
    expire() {
      for (const token of conversations.keys()) state.expired.add(token);
      drop(4401);
    },
    async stop() {
      drop();
      upgrades.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serveSocket(ws, state, conversations) {
  let conversation;
  ws.say = (frame) => ws.readyState === ws.OPEN && ws.send(JSON.stringify(frame));
  ws.on("close", () => conversation?.sockets.delete(ws));
  ws.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.op === "hello") {
      conversation = state.expired.has(frame.token) ? undefined : conversations.get(frame.token);
      if (!conversation) return ws.close(4401);
      const resync = frame.epoch !== "" && frame.epoch !== state.epoch;
      const last = conversation.changes.length;
      ws.say({ op: "ready", epoch: state.epoch, session_id: "vis_1", conversation: last > 0, last_public_seq: last, heartbeat_ms: 25000, resync });
      if (!resync) for (const change of conversation.changes.slice(frame.after)) ws.say({ op: "change", change });
      conversation.sockets.add(ws);
    } else if (frame.op === "ping") ws.say({ op: "pong" });
    else if (frame.op === "read") state.read = frame.seq;
    else if (frame.op === "typing") state.typing.push(frame.on);
    else if (frame.op === "send") {
      if (frame.text.includes("[refuse]")) return ws.say({ op: "error", ref: frame.ref, code: "message.blocked", detail: "This word is not allowed here" });
      const { change, replayed } = conversation.receive(frame, ws);
      if (!state.ackLost) ws.say({ op: "ack", ref: frame.ref, change, replayed });
    }
  });
}

async function answer(request, response, state, conversations) {
  if (!state.http) return request.socket.destroy();
  const url = new URL(request.url, "http://mock");
  const path = url.pathname;
  if (path.startsWith(`/w/${INBOX}/`)) return sendFile(response, path.slice(`/w/${INBOX}/`.length));
  if (!path.startsWith(API)) return response.writeHead(404).end();
  const body = request.method === "POST" ? JSON.parse((await readAll(request)) || "{}") : undefined;
  const token = request.headers.authorization?.slice("Bearer ".length);
  state.requests.push({ method: request.method, path, body, language: request.headers["accept-language"], token });
  if (path === API) return json(response, 200, { inbox_id: INBOX, enabled: true, locale: "en", settings: state.settings, available: state.available });
  if (path === `${API}/sessions`) return openSession(response, body, state, conversations);
  const conversation = state.expired.has(token) ? undefined : conversations.get(token);
  if (!conversation) return problem(response, 401, "unauthenticated", "The session has ended");
  if (path === `${API}/messages`) return json(response, 201, { change: conversation.receive(body).change });
  const after = Number(url.searchParams.get("after"));
  const rest = conversation.changes.slice(after);
  const items = rest.slice(0, 50);
  return json(response, 200, { epoch: state.epoch, items, last_public_seq: conversation.changes.length, has_more: rest.length > items.length });
}

function openSession(response, body, state, conversations) {
  if (state.refused) return problem(response, 403, "visitor.refused", state.refused);
  const resumed = conversations.has(body.token) && !state.expired.has(body.token);
  const token = resumed ? body.token : `tok_${randomUUID()}`;
  if (!resumed) conversations.set(token, new Conversation());
  return json(response, 201, { token, session_id: "vis_1", expires_at: new Date(Date.now() + 864e5).toISOString(), resumed, settings: state.settings });
}

async function sendFile(response, name) {
  const path = normalize(join(DIST, name));
  const content = path.startsWith(DIST) && (await readFile(path).catch(() => undefined));
  if (!content) return response.writeHead(404).end();
  const headers = { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*" };
  if (name === "frame.html") headers["Content-Security-Policy"] = FRAME_CSP;
  return response.writeHead(200, headers).end(content);
}

const json = (response, status, body) => response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify(body));

const problem = (response, status, code, detail) =>
  response.writeHead(status, { "Content-Type": "application/problem+json" }).end(JSON.stringify({ status, title: code, code, detail }));

async function readAll(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}
