import type { Environment, SocketLike } from "../src/live/environment";

/** A socket whose other end is the test. */
export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed?: number;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(code?: number): void {
    this.closed = code;
  }

  /** The server accepts. */
  open(): void {
    this.onopen?.();
  }

  /** The server sends a frame. */
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The server closes. */
  drop(code = 1006): void {
    this.onclose?.({ code });
  }

  frames(op: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame["op"] === op);
  }
}

/** The other end of every connection a link makes, and the switches of its surroundings. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];
  isOnline = true;
  private wakers: (() => void)[] = [];

  readonly environment: Environment = {
    connect: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
    wake: (wake) => {
      this.wakers.push(wake);
      return () => (this.wakers = this.wakers.filter((other) => other !== wake));
    },
    online: () => this.isOnline,
    random: () => 0.5,
  };

  get last(): FakeSocket {
    const socket = this.sockets[this.sockets.length - 1];
    if (!socket) throw new Error("no connection was made");
    return socket;
  }

  wake(): void {
    for (const waker of this.wakers) waker();
  }
}
