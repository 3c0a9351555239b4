/** One field of a refused request; `pointer` is a JSON pointer into the body. */
export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

/** The body of every failed request (RFC 9457 with our fields). `detail` may be shown. */
export interface Problem {
  status: number;
  title?: string;
  code: string;
  detail?: string;
  fields?: FieldProblem[];
}

/** A request that did not succeed. `status` 0 means the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldProblem[];
  /** Milliseconds the server asked to wait (Retry-After), or 0. */
  readonly retryAfter: number;

  constructor(problem: Problem, retryAfter = 0) {
    super(problem.detail || problem.title || problem.code);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.fields = problem.fields ?? [];
    this.retryAfter = retryAfter;
  }

  /** Whether trying the same request later may succeed. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What fetch throws when the server cannot be reached, as an ApiError. */
export function unreachable(cause: unknown): ApiError {
  const error = new ApiError({ status: 0, code: "network.unreachable", title: "The server cannot be reached" });
  error.cause = cause;
  return error;
}

/** Reads a failed response. A body that is not a problem (a proxy's page) still gives a code. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body = await response.json().catch(() => undefined) as Partial<Problem> | undefined;
  return apiError(response, body);
}

/** The ApiError of a failed response whose body was already read. */
export function apiError(response: Response, body: Partial<Problem> | undefined): ApiError {
  const seconds = Number(response.headers.get("Retry-After") ?? 0);
  return new ApiError(
    { code: `http.${response.status}`, title: response.statusText, ...body, status: response.status },
    Number.isFinite(seconds) ? seconds * 1000 : 0,
  );
}
