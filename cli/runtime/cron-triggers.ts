import { request } from "node:http";
import { SCHEDULED_PATH } from "./entry-module.ts";
import { cronMatches } from "./cron.ts";
import type { LogSink } from "./worker-log.ts";

export interface CronTriggersOptions {
  url: string;
  bootstrapToken: string;
  crons: string[];
  log: LogSink;
}

const MINUTE_MS = 60_000;

/** Calls the Worker's `scheduled` handler at the minutes that wrangler.toml names, as Cloudflare does. A call that failed is not repeated. */
export function startCronTriggers(options: CronTriggersOptions): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const now = Date.now();
    const minute = Math.floor(now / MINUTE_MS + 1) * MINUTE_MS;
    timer = setTimeout(() => {
      for (const cron of options.crons) if (cronMatches(cron, new Date(minute))) void trigger(options, cron, minute);
      next();
    }, minute - now);
    timer.unref();
  };
  if (options.crons.length > 0) next();
  return { stop: () => clearTimeout(timer) };
}

async function trigger({ url, bootstrapToken, log }: CronTriggersOptions, cron: string, time: number): Promise<void> {
  try {
    const status = await post(`${url}${SCHEDULED_PATH}`, bootstrapToken, { cron, scheduled_time: time });
    if (status >= 300) log("error", `The scheduled work "${cron}" failed: HTTP ${status}`);
  } catch (error) {
    log("error", `The scheduled work "${cron}" failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Not by `fetch`: that costs this small process 18 MB. */
function post(url: string, token: string, body: object): Promise<number> {
  return new Promise((done, fail) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = request(url, { method: "POST", headers, agent: false }, (response) => {
      response.resume();
      done(response.statusCode ?? 0);
    });
    sent.once("error", fail);
    sent.end(JSON.stringify(body));
  });
}
