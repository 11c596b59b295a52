/** By this binding the state process reaches the fronts: workerd's own way to the services of another workerd. */
export const FRONT_BINDING = "FRONT_PROCESSES";

/** Where the fronts listen, a list. */
export const FRONT_ADDRESSES = "FRONT_ADDRESSES";

export interface StateModuleOptions {
  /** The module that a process serves that does everything itself. */
  main: string;
  /** The Worker's service in the fronts. */
  service: string;
}

/**
 * The Worker's main module in the state process: it keeps what there is to keep, delivers the messages of queues, and leaves the work that they announce to the fronts, which
 * take turns.
 */
export function stateModule({ main, service }: StateModuleOptions): string {
  const from = JSON.stringify(`./${main}`);
  return `import entry from ${from}; export * from ${from};

let known;
let withFronts;
let next = 0;

function front(env) {
  const address = env.${FRONT_ADDRESSES}[next++ % env.${FRONT_ADDRESSES}.length];
  return env.${FRONT_BINDING}.connect(address).getEntrypoint(${JSON.stringify(service)}, "WorkRunner");
}

function leavingWork(env) {
  if (known !== env) {
    known = env;
    withFronts = { ...env, WORK_RUNNER: { work: (messages) => front(env).work(messages) } };
  }
  return withFronts;
}

export default {
  ...entry,
  queue: (batch, env, ctx) => entry.queue(batch, leavingWork(env), ctx),
};
`;
}
