import createClient, { type Client } from "openapi-fetch";
import { apiError, unreachable, type Problem } from "../problem";
import type { paths } from "./schema";

type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that have the method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: object } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathOf<M>> = paths[P] extends { [K in M]: infer O } ? O : never;

type Parameters<O> = O extends { parameters: { path: infer Path } } ? { path: Path } : { path?: undefined };
type Query<O> = O extends { parameters: { query?: infer Query } } ? { query?: Query } : { query?: undefined };
type JSONBody<Body> = { content: { "application/json": Body } };
type RequestBody<O> = O extends { requestBody: JSONBody<infer Body> }
  ? { body: Body }
  : O extends { requestBody?: never }
    ? { body?: undefined }
    : O extends { requestBody?: JSONBody<infer Body> }
      ? { body?: Body }
      : { body?: undefined };

/** What a call needs: the parameters of the path, maybe a query, the body if there is one. */
export type Input<M extends Method, P extends PathOf<M>> = Parameters<Operation<M, P>> & Query<Operation<M, P>> & RequestBody<Operation<M, P>>;

type Ok<O> = O extends { responses: infer Responses }
  ? { [Status in keyof Responses & (200 | 201)]: Responses[Status] extends { content: { "application/json": infer Body } } ? Body : never }[keyof Responses & (200 | 201)]
  : never;

/** The body of the answer; undefined where there is none. */
export type Output<M extends Method, P extends PathOf<M>> = [Ok<Operation<M, P>>] extends [never] ? undefined : Ok<Operation<M, P>>;

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The API of this page's own server; the session is a cookie. Every failure is an ApiError. */
export class Api {
  private readonly client: Client<paths>;

  constructor(options: { baseUrl?: string; fetch?: typeof fetch } = {}) {
    this.client = createClient<paths>({ baseUrl: options.baseUrl ?? "", fetch: options.fetch, credentials: "same-origin" });
  }

  /** A call of a route that the generated types do not know yet; `path` begins after the origin. */
  async request<T>(method: Method, path: string, init: { query?: Record<string, unknown>; body?: unknown; keepalive?: boolean; signal?: AbortSignal } = {}): Promise<T> {
    return this.send<T>(method, path, { params: { query: init.query }, body: init.body, keepalive: init.keepalive, signal: init.signal });
  }

  /** Sends a file as it is, not as JSON. */
  async upload<T>(method: Method, path: string, body: Blob, type: string): Promise<T> {
    return this.send<T>(method, path, { body, bodySerializer: (raw: Blob) => raw, headers: { "Content-Type": type } });
  }

  async call<M extends Method, P extends PathOf<M>>(method: M, path: P, input: Input<M, P>): Promise<Output<M, P>> {
    const { path: parameters, query, body } = input;
    return this.send<Output<M, P>>(method, path, { params: { path: parameters, query }, body });
  }

  private async send<T>(method: string, path: string, init: object): Promise<T> {
    // The client's own inference is too deep for these types; Input and Output check the call instead.
    const request = this.client.request.bind(this.client) as (method: string, path: string, init: object) => Promise<Answer>;
    const { data, error, response } = await request(method, path, init).catch((cause) => {
      throw unreachable(cause);
    });
    if (!response.ok) throw apiError(response, typeof error === "object" ? (error as Partial<Problem>) : undefined);
    return data as T;
  }
}
