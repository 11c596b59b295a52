/** A refusal that the caller is told about: `code` is stable, `status` is the HTTP status that fits it. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { details?: unknown; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ServiceError";
    this.status = status;
    this.code = code;
    this.details = options.details;
    this.retryAfter = options.retryAfter;
  }
}

/** Something that does not exist, or belongs to somebody else: the two look the same from outside. */
export function notFound(what: string): ServiceError {
  return new ServiceError(404, "not_found", `There is no ${what} with this id.`);
}
