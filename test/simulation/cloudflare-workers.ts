/** What the runtime's module `cloudflare:workers` gives to the classes that run here: the base class, and nothing behind it. */
export class DurableObject {
  protected readonly ctx: unknown;
  protected readonly env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}
