import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/problem";
import { Upload, uploadTransport, type UploadProgress, type UploadState, type UploadTransport } from "../src/upload";

const SIZE = 25;
const CHUNK = 10;

/** A server in memory that takes pieces of ten bytes; `fail` is asked before each request. */
class FarSide implements UploadTransport {
  bytes = "";
  asked: string[] = [];
  gone = false;
  fail: (request: string) => ApiError | undefined = () => undefined;

  private answer(request: string): UploadState {
    this.asked.push(request);
    const failure = this.fail(request);
    if (failure) throw failure;
    const whole = this.bytes.length === SIZE;
    return { id: "upl_1", offset: this.bytes.length, size: SIZE, chunk_size: CHUNK, attachment: whole ? { id: "att_1", name: "a", type: "text/plain", size: SIZE, kind: "file", url: "/a" } : undefined };
  }

  create = async () => {
    this.bytes = "";
    this.gone = false;
    return this.answer("create");
  };
  write = async (_id: string, offset: number, bytes: Blob) => {
    const request = `write ${offset}`;
    const failure = this.fail(request);
    if (failure) {
      this.asked.push(request);
      throw failure;
    }
    if (this.gone) throw new ApiError({ status: 404, code: "not_found" });
    if (offset !== this.bytes.length) throw new ApiError({ status: 409, code: "upload.offset", fields: [{ pointer: "/offset", code: "offset", detail: String(this.bytes.length) }] });
    this.bytes += await bytes.text();
    return this.answer(request);
  };
  state = async () => this.answer("state");
  discard = async () => void this.asked.push("discard");
}

const text = "abcdefghijklmnopqrstuvwxy";
const lost = () => new ApiError({ status: 0, code: "network.unreachable" });
let far: FarSide;
let seen: UploadProgress[];

function upload(): Upload {
  const blob = new Blob([text]);
  return new Upload({ transport: far, file: { name: "a.txt", size: SIZE, slice: (from, to) => blob.slice(from, to) }, onChange: (progress) => seen.push(progress), random: () => 0 });
}

beforeEach(() => {
  vi.useFakeTimers();
  far = new FarSide();
  seen = [];
});
afterEach(() => vi.useRealTimers());

const settled = (one: Upload, phase = "done") => vi.waitFor(() => expect(one.progress.phase).toBe(phase));

describe("Upload", () => {
  it("sends a file piece by piece and ends with the attachment", async () => {
    const one = upload();
    one.start();
    await settled(one);
    expect(far.bytes).toBe(text);
    expect(far.asked).toEqual(["create", "write 0", "write 10", "write 20"]);
    expect(seen.map((progress) => progress.sent)).toEqual([0, 0, 10, 20, 25]);
    expect(one.progress.attachment?.id).toBe("att_1");
  });

  it("goes on where the server is after a lost connection", async () => {
    let failures = 2;
    far.fail = (request) => (request === "write 10" && failures-- > 0 ? lost() : undefined);
    const one = upload();
    one.start();
    await settled(one, "waiting");
    expect(one.progress.error?.code).toBe("network.unreachable");
    await vi.advanceTimersByTimeAsync(10_000);
    await settled(one);
    expect(far.bytes).toBe(text);
    expect(far.asked.filter((request) => request === "create")).toHaveLength(1);
    expect(far.asked).toContain("state");
  });

  it("goes on at once when the network is back", async () => {
    far.fail = (request) => (request === "write 0" ? lost() : undefined);
    const one = upload();
    one.start();
    await settled(one, "waiting");
    far.fail = () => undefined;
    one.resume();
    await settled(one);
    expect(far.bytes).toBe(text);
  });

  it("believes the server about the offset when an answer was lost", async () => {
    far.fail = (request) => {
      if (request !== "write 10" || far.bytes.length > 10) return undefined;
      far.bytes += text.slice(10, 20); // taken, but its answer does not come back
      return lost();
    };
    const one = upload();
    one.start();
    await settled(one, "waiting");
    one.resume();
    await settled(one);
    expect(far.bytes).toBe(text);
  });

  it("takes the right offset out of the refusal", async () => {
    let once = true;
    far.fail = (request) => {
      if (request !== "write 10" || !once) return undefined;
      once = false;
      far.bytes = text.slice(0, 7);
      return new ApiError({ status: 409, code: "upload.offset", fields: [{ pointer: "/offset", code: "offset", detail: "7" }] });
    };
    const one = upload();
    one.start();
    await settled(one);
    expect(far.asked).toContain("write 7");
    expect(far.bytes).toBe(text);
  });

  it("begins anew when the server has swept it", async () => {
    const one = upload();
    far.fail = (request) => {
      if (request === "write 10" && far.asked.length < 3) far.gone = true;
      return undefined;
    };
    one.start();
    await settled(one, "waiting");
    one.resume();
    await settled(one);
    expect(far.asked.filter((request) => request === "create")).toHaveLength(2);
    expect(far.bytes).toBe(text);
  });

  it("stops at a refusal until a person tries again", async () => {
    far.fail = () => new ApiError({ status: 422, code: "upload.too_large" });
    const one = upload();
    one.start();
    await settled(one, "failed");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(far.asked).toEqual(["create"]);
    far.fail = () => undefined;
    one.start();
    await settled(one);
  });

  it("throws away what the server has when it is cancelled", async () => {
    far.fail = (request) => (request === "write 10" ? lost() : undefined);
    const one = upload();
    one.start();
    await settled(one, "waiting");
    one.cancel();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(one.progress.phase).toBe("cancelled");
    expect(far.asked.at(-1)).toBe("discard");
  });

  it("does not run for ever against a server that takes nothing", async () => {
    far.write = async () => ({ id: "upl_1", offset: 0, size: SIZE, chunk_size: CHUNK });
    const one = upload();
    one.start();
    await settled(one, "waiting");
    expect(one.progress.error?.code).toBe("upload.stuck");
    one.cancel();
  });
});

describe("uploadTransport", () => {
  it("speaks the four requests, with the headers of its side", async () => {
    const calls: [string, RequestInit][] = [];
    const fetcher = (async (url: string, init: RequestInit) => {
      calls.push([url, init]);
      return init.method === "DELETE" ? new Response(null, { status: 204 }) : Response.json({ id: "upl_1", offset: 0, size: 3, chunk_size: 10 });
    }) as typeof fetch;
    const transport = uploadTransport("/api/v1/live/inb_1/uploads", () => ({ Authorization: "Bearer x" }), fetcher);
    const { signal } = new AbortController();
    await transport.create({ name: "a", size: 3 }, signal);
    await transport.write("upl_1", 2, new Blob(["c"]), signal);
    await transport.state("upl_1", signal);
    await transport.discard("upl_1");
    expect(calls.map(([url, init]) => `${init.method} ${url}`)).toEqual([
      "POST /api/v1/live/inb_1/uploads",
      "PATCH /api/v1/live/inb_1/uploads/upl_1?offset=2",
      "GET /api/v1/live/inb_1/uploads/upl_1",
      "DELETE /api/v1/live/inb_1/uploads/upl_1",
    ]);
    expect(calls.map(([, init]) => (init.headers as Record<string, string>)["Authorization"])).toEqual(Array(4).fill("Bearer x"));
  });

  it("turns failures into ApiErrors", async () => {
    const { signal } = new AbortController();
    const refuses = uploadTransport("/u", undefined, (async () => Response.json({ code: "upload.too_large", detail: "At most 25 MB." }, { status: 422 })) as typeof fetch);
    await expect(refuses.create({ name: "a", size: 1 }, signal)).rejects.toMatchObject({ code: "upload.too_large", transient: false });
    const unreachable = uploadTransport("/u", undefined, (() => Promise.reject(new TypeError("no"))) as typeof fetch);
    await expect(unreachable.state("upl_1", signal)).rejects.toMatchObject({ code: "network.unreachable", transient: true });
  });
});
