/** What a block may ask of the guarded `fetch` for one call, besides what every `fetch` takes. */
export interface EgressInit extends RequestInit {
  egress?: {
    /** Time for everything, from the name's resolution to the last byte, ms. Default 60,000; at most 600,000. */
    timeoutMs?: number;
    /** Largest answer, bytes after decompression. Can only lower the deployment's own cap. */
    maxBytes?: number;
  };
}
