import { ServiceError } from "#worker/services/service-error.ts";

/**
 * The version named by an `If-Match` header: `"3"`, also weak or without quotes. Undefined without the header.
 * @throws ServiceError 400 `invalid_if_match` for anything else.
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  const version = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header.trim())?.[1];
  if (version === undefined) {
    throw new ServiceError(400, "invalid_if_match", 'If-Match must be the ETag of the graph, for example "3".');
  }
  return Number(version);
}
