import { isbot } from "isbot";
import { renderToReadableStream } from "react-dom/server";
import { type EntryContext, ServerRouter } from "react-router";
import { contentSecurityPolicy } from "./content-security-policy.ts";
import { NonceContext } from "./nonce.ts";

/** ms after which a page that still waits for data is cut off. */
export const streamTimeout = 10_000;

export default async function handleRequest(
  request: Request,
  responseStatus: number,
  headers: Headers,
  routerContext: EntryContext,
): Promise<Response> {
  setDocumentHeaders(headers);
  if (request.method === "HEAD") {
    return new Response(null, { status: responseStatus, headers });
  }
  const nonce = crypto.randomUUID();
  headers.set("Content-Security-Policy", contentSecurityPolicy(nonce, import.meta.env.DEV));
  let status = responseStatus;
  let shellRendered = false;
  const body = await renderToReadableStream(
    <NonceContext value={nonce}>
      <ServerRouter context={routerContext} url={request.url} nonce={nonce} />
    </NonceContext>,
    {
      nonce,
      signal: AbortSignal.timeout(streamTimeout + 1_000),
      onError(error) {
        status = 500;
        if (shellRendered) {
          // oxlint-disable-next-line no-console -- the page is half sent: the log is all that is left
          console.error(error);
        }
      },
    },
  );
  shellRendered = true;
  if (isbot(request.headers.get("user-agent"))) {
    await body.allReady;
  }
  return new Response(body, { headers, status });
}

function setDocumentHeaders(headers: Headers): void {
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "same-origin");
  // Pages show a person's own data and depend on language and session cookies.
  headers.set("Cache-Control", "no-store");
}
