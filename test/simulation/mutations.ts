/** Bugs put in on purpose, to see that the simulation finds them. */
export interface Mutation {
  name: string;
  /** For the table. */
  what: string;
  /** The rule of durable-objects/execution/SPEC.md that it breaks. */
  rule: string;
  file: string;
  /** Must be there exactly once. */
  find: string;
  replace: string;
}

const CORE = "durable-objects/execution/core";
const OBJECT = "durable-objects/execution";

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "begun-work-not-logged",
    what: "what the Worker that begins a run goes on with is not in the log that it hands over",
    rule: "ST5",
    file: `${OBJECT}/draft.ts`,
    find: '    return this.#decide({ type: "lease", pool: "io", max }, now, env.leaseMs).leased;',
    replace:
      "    const counts = this.batches.map(({ events }) => events.length);\n" +
      '    const { leased } = this.#decide({ type: "lease", pool: "io", max }, now, env.leaseMs);\n' +
      "    this.batches.forEach((batch, index) => batch.events.splice(counts[index] ?? 0));\n" +
      "    return leased;",
  },
  {
    name: "listing-left-for-good",
    what: "an object that leaves the list to whoever ended the run does not look after it any more",
    rule: "ST6",
    file: `${OBJECT}/open-run.ts`,
    find: "    if (!(await this.settle())) {",
    replace: "    if (this.#runner.listingLeftTo === undefined && !(await this.settle())) {",
  },
  {
    name: "stale-attempts-accepted",
    what: "a report of an attempt that was superseded is committed",
    rule: "LS3",
    file: `${CORE}/lease.ts`,
    find: " && execution.attempt === attempt;",
    replace: ";",
  },
  {
    name: "nothing-announced-again",
    what: "the alarm does not take messages for lost",
    rule: "AL3",
    file: `${OBJECT}/runner.ts`,
    find: "    this.#hints = { io: 0, cpu: 0, memory: 0 };\n  }",
    replace: "  }",
  },
  {
    name: "no-alarm-for-ready-work",
    what: "the alarm is not set for ready work that nobody has come for",
    rule: "AL1",
    file: `${CORE}/next-alarm.ts`,
    find: "if (state.active > idle && !state.paused) {",
    replace: "if (state.active < 0) {",
  },
  {
    name: "outputs-committed-again",
    what: "outputs that were committed before are committed again",
    rule: "RP3",
    file: `${CORE}/report.ts`,
    find: "report.outputs.slice(execution.outputs - execution.outputBase - report.firstOutput)",
    replace: "report.outputs",
  },
  {
    name: "replica-always-right",
    what: "a consumer believes its replica whatever the object answered",
    rule: "LC3",
    file: `${CORE}/replica.ts`,
    find: "    this.#base = this.#state.lastSeq;\n    return this.#base === answered.seq;",
    replace: "    this.#base = answered.seq;\n    return true;",
  },
  {
    name: "stretches-from-anywhere",
    what: "a stretch is committed though the consumer went on from another state",
    rule: "LC1",
    file: `${CORE}/decide.ts`,
    find: "const inStep = input.continuedFrom === state.lastSeq;",
    replace: "const inStep = input.continuedFrom !== undefined;",
  },
  {
    name: "effects-begun-unasked",
    what: "a consumer may begin effectful nodes by itself",
    rule: "LC2",
    file: `${CORE}/next-pure.ts`,
    find: "  const queue = state.ready[pool].pure;",
    replace:
      "  const { effectful, pure } = state.ready[pool];\n  const queue = effectful.length > 0 ? effectful : pure;",
  },
  {
    name: "leases-never-end",
    what: "an attempt whose consumer vanished is waited for for ever",
    rule: "LS4",
    file: `${CORE}/lease.ts`,
    find: "if (execution.leaseUntil <= env.now && recorder.fatal === null) {",
    replace: "if (execution.leaseUntil < 0 && recorder.fatal === null) {",
  },
  {
    name: "once-repeated",
    what: "a lost attempt of a `once` block is repeated",
    rule: "LS5",
    file: `${CORE}/retry-policy.ts`,
    find: 'return node.effects !== "once" || (node.retry?.on?.includes("outcome_unknown") ?? false);',
    replace: "return node.effects.length > 0;",
  },
  {
    name: "lost-without-limit",
    what: "attempts may be lost any number of times",
    rule: "LS6",
    file: `${CORE}/lease.ts`,
    find: "if (execution.lost + 1 >= MAX_LOST_ATTEMPTS) {",
    replace: "if (execution.lost + 1 >= MAX_LOST_ATTEMPTS * 1_000) {",
  },
  {
    name: "one-retry-too-many",
    what: "a node is tried once more than its policy says",
    rule: "RT1",
    file: `${CORE}/retry-policy.ts`,
    find: "failures + 1 >= policy.max_attempts",
    replace: "failures >= policy.max_attempts",
  },
  {
    name: "backoff-ignored",
    what: "a retry is handed out before its time",
    rule: "LS1",
    file: `${CORE}/lease.ts`,
    find: "if (execution.notBefore <= env.now) {",
    replace: "if (execution.notBefore <= env.now + 200) {",
  },
  {
    name: "order-of-a-node-ignored",
    what: "outputs travel before those of earlier executions of the node",
    rule: "FF1",
    file: `${CORE}/evolve.ts`,
    find: "if (nodeState(state, event.node).order.peek() === execution) {",
    replace: "if (nodeState(state, event.node).order.length > 0) {",
  },
  {
    name: "held-outputs-lost-in-snapshots",
    what: "a state made from a snapshot forgets the outputs that are held back",
    rule: "LC3",
    file: `${CORE}/snapshot.ts`,
    find: "const held: PendingOutput[] = [...saved.held];",
    replace: "const held: PendingOutput[] = [];",
  },
  {
    name: "waits-lost-in-snapshots",
    what: "a reload from a snapshot forgets which node executions wait",
    rule: "SN2",
    file: `${CORE}/snapshot.ts`,
    find: "state.waiting = new Set(snapshot.waiting.map(open));",
    replace: "state.waiting = new Set();",
  },
  {
    name: "reload-skips-after-snapshot",
    what: "a reload goes on one batch too late after its snapshot",
    rule: "SN4",
    file: `${OBJECT}/checkpoints.ts`,
    find: "store.batches(state.lastSeq)",
    replace: "[...store.batches(state.lastSeq)].slice(1)",
  },
  {
    name: "join-newest-first",
    what: "a value goes to the newest execution that lacks it",
    rule: "JN1",
    file: `${CORE}/join.ts`,
    find: "const target = oldestLacking(node, pin);",
    replace:
      'const target = [...state.executions.values()].findLast((one) => one.node === link.sink && one.status === "INCOMPLETE" && !one.input.has(pin));',
  },
  {
    name: "static-value-of-the-first",
    what: "a static pin keeps the first value instead of the latest",
    rule: "JN3",
    file: `${CORE}/evolve.ts`,
    find: "      node.latest.set(pin, bound);",
    replace: "      node.latest.set(pin, node.latest.get(pin) ?? bound);",
  },
  {
    name: "failure-forgotten",
    what: "a run completes in spite of an unhandled failure",
    rule: "EN2",
    file: `${CORE}/evolve.ts`,
    find: "      if (!event.handled) {",
    replace: "      if (!event.handled && state.plan.nodes.length > 3) {",
  },
  {
    name: "memory-kept-after-failed-write",
    what: "the object goes on with a state that was never written",
    rule: "RP1",
    file: `${OBJECT}/open-run.ts`,
    find: "      onBroken();",
    replace: "      void onBroken;",
  },
  {
    name: "live-view-trusts-itself",
    what: "a subscriber is sent the newest batch whatever it was sent before",
    rule: "LV1",
    file: `${OBJECT}/live.ts`,
    find: "if (sentUpTo(socket) === batch.first_seq - 1) {",
    replace: "if (sentUpTo(socket) >= 0) {",
  },
  {
    name: "socket-forgets",
    what: "a socket does not remember what it was sent",
    rule: "LV2",
    file: `${OBJECT}/live.ts`,
    find: "      socket.send(message);\n    }\n    socket.serializeAttachment({ after } satisfies Attachment);",
    replace: "      socket.send(message);\n    }\n    void after;",
  },
  {
    name: "list-never-asked",
    what: "after the end nobody looks whether the list of runs knows",
    rule: "AL4",
    file: `${OBJECT}/open-run.ts`,
    find: "return stopped && listed >= run.state.lastSeq && ",
    replace: "return stopped && listed >= 0 && ",
  },
  {
    name: "alarm-not-moved-for-retries",
    what: "the alarm stays where it is when a retry is due earlier",
    rule: "AL1",
    file: `${OBJECT}/runner.ts`,
    find: "if (at !== null && (this.#alarmAt === null || at < this.#alarmAt)) {",
    replace: "if (at !== null && (this.#alarmAt === null || at > this.#alarmAt)) {",
  },
  {
    name: "adopted-and-forgotten",
    what: "an object that is given a run with its first stretch does nothing more for it",
    rule: "ST3",
    file: "durable-objects/execution/execution.ts",
    find: "      this.#open.after(commit, null);\n      if (begun",
    replace: "      void commit;\n      if (begun",
  },
  {
    name: "never-relisted",
    what: "an object that is asked to list its run does not",
    rule: "ST4",
    file: "durable-objects/execution/open-run.ts",
    find: "      this.#runner.relist(this.#summary());",
    replace: "",
  },
  {
    name: "waiting-leases-not-renewed",
    what: "a consumer renews only what it is running",
    rule: "LS4",
    file: "worker/consumers/work-session.ts",
    find: "const attempts = [...this.#held.values()].map(",
    replace: "const attempts = [...this.#running.values()].map(({ lease }) => lease).map(",
  },
  {
    name: "reports-not-counted",
    what: "a consumer counts every report's outputs from the first",
    rule: "RP2",
    file: "worker/consumers/attempt.ts",
    find: "    this.#reported += this.#outputs.length;",
    replace: "    this.#reported += 0;",
  },
  {
    name: "renewed-too-late",
    what: "a consumer renews its leases after they have ended",
    rule: "LS4",
    file: "worker/consumers/work-session.ts",
    find: "const heartbeatMs = Math.min(MAX_HEARTBEAT_MS, Math.max(50, (deadline - clock.now()) / 3));",
    replace: "const heartbeatMs = Math.max(MAX_HEARTBEAT_MS, (deadline - clock.now()) * 1.5);",
  },
  {
    name: "full-lease-at-every-reload",
    what: "every reload of the object gives running attempts a full new lease",
    rule: "LS7",
    file: `${OBJECT}/run.ts`,
    find: "run.#graceUntil = store.grace() ?? now + Math.min(leaseMs, RELOAD_GRACE_MS);",
    replace: "run.#graceUntil = now + leaseMs;",
  },
  {
    name: "void-runs-talk",
    what: "a state that was never written goes on telling the list of runs",
    rule: "AL4",
    file: `${OBJECT}/open-run.ts`,
    find: "    this.#runner.stop();\n",
    replace: "",
  },
  {
    name: "far-alarm-kept",
    what: "an alarm that is set for a far wait is not moved for work that has become ready",
    rule: "AL1",
    file: `${OBJECT}/runner.ts`,
    find: "const at = far || waits ?",
    replace: "const at = this.#alarmAt === null || waits ?",
  },
  {
    name: "paused-runs-go-on",
    what: "a paused run hands out work",
    rule: "PA1",
    file: `${CORE}/lease.ts`,
    find: "  if (state.paused) {\n    return [];\n  }\n",
    replace: "",
  },
  {
    name: "child-left-paused",
    what: "a child that did not hear the end of the pause is not told again",
    rule: "CH3",
    file: `${OBJECT}/children.ts`,
    find: "    if (end === undefined && paused !== state.paused) {",
    replace: "    if (end === undefined && paused !== state.paused && of.ne.length === 0) {",
  },
  {
    name: "child-never-asked",
    what: "a parent that hears nothing of its child does not ask",
    rule: "CH3",
    file: `${OBJECT}/open-run.ts`,
    find: "      this.#children.check(this.run.state);\n",
    replace: "",
  },
  {
    name: "child-outputs-again",
    what: "outputs of a child that were committed before are committed again",
    rule: "CH2",
    file: `${CORE}/child.ts`,
    find: "news.outputs.slice(have - news.firstOutput)",
    replace: "news.outputs",
  },
  {
    name: "retries-cost-nothing",
    what: "what a failed attempt used is not told when it is repeated",
    rule: "US1",
    file: `${CORE}/report.ts`,
    find: "    lost: false,\n    ...usagePart(end.usage),",
    replace: "    lost: false,",
  },
  {
    name: "retries-not-added",
    what: "what a repeated attempt used is in the log and not in the run's sum",
    rule: "US1",
    file: `${CORE}/evolve.ts`,
    find: "  count(state, event);\n  if (event.retry_at > at) {",
    replace: "  if (event.retry_at > at) {",
  },
  {
    name: "child-costs-nothing",
    what: "a child run tells its tokens and not its cost",
    rule: "US4",
    file: `${OBJECT}/parent-link.ts`,
    find: "const cost = cost_usd === undefined ? {} : { cost_usd };",
    replace: "const cost = cost_usd === undefined ? {} : {};",
  },
  {
    name: "costs-not-rounded",
    what: "costs are added as binary fractions",
    rule: "US2",
    file: "graph/run/usage.ts",
    find: "roundedCost((sum ?? 0) + (add ?? 0))",
    replace: "(sum ?? 0) + (add ?? 0)",
  },
  {
    name: "gathers-too-early",
    what: "a list of all values is made while a node before it may still yield",
    rule: "GA3",
    file: `${CORE}/gathering.ts`,
    find: "if (gathering.busy === 0 && !gathering.done) {",
    replace: "if (gathering.busy <= 1 && !gathering.done) {",
  },
  {
    name: "gathered-lost-in-snapshots",
    what: "a snapshot forgets what was gathered",
    rule: "LC3, SN2",
    file: `${CORE}/snapshot.ts`,
    find: "pool.forEach((value) => hold(gathering, value));",
    replace: "void pool;",
  },
];

export function mutated(name: string, url: string, source: string): string {
  const mutation = MUTATIONS.find((candidate) => candidate.name === name);
  if (mutation === undefined) {
    throw new Error(`there is no mutation ${name}`);
  }
  if (!url.endsWith(`/${mutation.file}`)) {
    return source;
  }
  if (source.split(mutation.find).length !== 2) {
    throw new Error(`the mutation ${name} no longer fits ${mutation.file}`);
  }
  return source.replace(mutation.find, () => mutation.replace);
}
