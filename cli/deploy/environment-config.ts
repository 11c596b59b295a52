/** Where the platform is deployed: `production` keeps the names of wrangler.toml, `staging` gets names of its own. */
export const ENVIRONMENTS = ["production", "staging"] as const;
export type DeployEnvironment = (typeof ENVIRONMENTS)[number];

/** The parts of a built wrangler.json whose names belong to one environment. */
export interface BuiltConfig {
  name: string;
  d1_databases?: { binding: string; database_name?: string }[];
  r2_buckets?: { binding: string; bucket_name?: string }[];
  queues?: { producers?: { queue: string }[]; consumers?: { queue: string }[] };
  services?: { service: string }[];
}

/**
 * The built configuration for one environment. wrangler.toml says everything once; only names differ, so that a staging
 * deployment shares no database, bucket or queue with production.
 */
export function configFor<Config extends BuiltConfig>(built: Config, environment: DeployEnvironment): Config {
  const config = structuredClone(built);
  if (environment === "production") return config;
  const own = (name: string): string => name.replace(/^weft\b/, `weft-${environment}`);
  config.name = own(config.name);
  for (const database of config.d1_databases ?? []) database.database_name = own(database.database_name ?? "weft");
  for (const bucket of config.r2_buckets ?? []) bucket.bucket_name = own(bucket.bucket_name ?? "weft-files");
  for (const queue of [...(config.queues?.producers ?? []), ...(config.queues?.consumers ?? [])]) {
    queue.queue = own(queue.queue);
  }
  for (const service of config.services ?? []) {
    if (service.service === built.name) service.service = config.name;
  }
  return config;
}
