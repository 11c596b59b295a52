/** The binding by which the entry module reaches the server of static files. */
export const FILES_BINDING = "EMBEDDED_FILES";

/** Where the starter asks for a run of the `scheduled` handler, with the start's own token. */
export const SCHEDULED_PATH = "/internal/scheduled";

/**
 * The Worker's main module on the embedded runtime: what it serves is the built Worker (`main`), and the files beside it, which Cloudflare
 * serves before a Worker is asked. A request of the API thus passes no Worker but ours.
 */
export function entryModule(main: string, files: string[]): string {
  const built = JSON.stringify(`./${main}`);
  return `import built from ${built}; export * from ${built};

const files = new Set(${JSON.stringify(files)});

export default {
  ...built,
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (files.has(pathname)) return env.${FILES_BINDING}.fetch(request);
    if (pathname === ${JSON.stringify(SCHEDULED_PATH)}) return scheduled(request, env, ctx);
    return built.fetch(request, env, ctx);
  },
};

async function scheduled(request, env, ctx) {
  const token = request.headers.get("authorization");
  if (request.method !== "POST" || !env.WEFT_BOOTSTRAP_TOKEN || token !== \`Bearer \${env.WEFT_BOOTSTRAP_TOKEN}\`) {
    return built.fetch(request, env, ctx);
  }
  const { cron, scheduled_time } = await request.json();
  await built.scheduled?.({ cron, scheduledTime: scheduled_time, noRetry() {} }, env, ctx);
  return new Response(null, { status: 204 });
}
`;
}
