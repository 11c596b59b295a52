/** A reason why the platform cannot start, told to a person without a stack. `code` is stable. */
export class StartError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "StartError";
    this.code = code;
  }
}
