import type { ExecutionStatus } from "#graph/run/status.ts";

/** Every sentence of the pages. A value is a text, or a function where a figure or name goes in. */
export interface Messages {
  app: { name: string; tagline: string; skip_to_content: string; agents: string; runs: string; api: string };
  language: { label: string };
  theme: { label: string; light: string; dark: string; auto: string };
  account: { menu: (name: string) => string; sign_out: string };
  sign_in: {
    title: string;
    email: string;
    password: string;
    submit: string;
    hint: string;
    wrong: string;
    invalid_email: string;
    too_many: string;
    unreachable: string;
    failed: (detail: string) => string;
  };
  agents: {
    title: string;
    search: string;
    name: string;
    description: string;
    version: string;
    last_run: string;
    never_run: string;
    updated: string;
    no_description: string;
    empty_title: string;
    empty_text: string;
    empty_example: string;
    none_found: (text: string) => string;
    more: string;
    first_page: string;
    remove: string;
    remove_confirm: (name: string) => string;
    cancel: string;
  };
  import: {
    button: string;
    title: string;
    drop: string;
    drop_active: string;
    choose: string;
    importing: (file: string) => string;
    not_json: (file: string, detail: string) => string;
    too_large: (file: string, megabytes: number) => string;
    not_read: (file: string) => string;
    refused: (file: string) => string;
    done: (name: string) => string;
    done_with_problems: (name: string, count: number) => string;
    open: string;
    close: string;
    more_problems: (count: number) => string;
  };
  runs: {
    title: string;
    status: string;
    agent: string;
    started: string;
    duration: string;
    source: string;
    nodes: string;
    all: string;
    filter_status: string;
    filter_agent: string;
    empty_title: string;
    empty_text: string;
    none_match: string;
    not_started: string;
    clear_filter: string;
  };
  status: Record<ExecutionStatus, string>;
  agent: {
    version: (version: number) => string;
    export: string;
    canvas: string;
    layout_busy: string;
    no_nodes: string;
    problems: (count: number) => string;
    problems_title: string;
    warnings_title: string;
    show_node: string;
    missing_block: string;
    missing_block_text: (blockId: string) => string;
    cannot_run: string;
    cannot_run_text: string;
    static_link: string;
    value_set: string;
    required: string;
    deleted: string;
    deleted_text: string;
  };
  canvas: { node_hint: string; controls: string; zoom_in: string; zoom_out: string; fit: string; minimap: string };
  tabs: { inputs: string; outputs: string; node: string; history: string; panel: string };
  form: {
    run: string;
    run_again: string;
    stop: string;
    stopping: string;
    starting: string;
    no_inputs: string;
    loading: string;
    advanced: string;
    as_text: string;
    as_json: string;
    not_json: (detail: string) => string;
    required: string;
    fix: string;
    start_failed: string;
    stop_failed: string;
    add_item: string;
    remove_item: string;
    move_up: string;
    move_down: string;
    file_too_large: (megabytes: number) => string;
    previous_inputs: string;
  };
  run: {
    title: (agent: string) => string;
    connecting: string;
    live: string;
    reconnecting: (seconds: number) => string;
    lost: string;
    retry_now: string;
    ended: string;
    started_at: string;
    ended_at: string;
    duration: string;
    node_runs: string;
    tokens: string;
    errors: string;
    failed_title: string;
    terminated_title: string;
    terminated_text: string;
    at_node: string;
    show_node: string;
    inputs: string;
    no_inputs: string;
    back_to_agent: string;
    copy_id: string;
    copied: string;
    event_position: (at: number, of: number) => string;
    replay: string;
    all_events: string;
    older_version: (version: number, active: number) => string;
  };
  outputs: {
    waiting: string;
    before_run: string;
    none: string;
    none_yet: string;
    values: (count: number) => string;
    copy: string;
    copied: string;
    show_all: (characters: string) => string;
    show_less: string;
    from_node: string;
    empty_text: string;
    truncated: (shown: number, total: number) => string;
  };
  node: {
    choose: string;
    block: string;
    id: string;
    not_run: string;
    runs: (count: number) => string;
    input: string;
    output: string;
    error: string;
    handled: string;
    attempt: (attempt: number) => string;
    duration: string;
    retry_at: string;
    waiting_for: string;
    defaults: string;
    no_values: string;
    what_to_do: string;
    problems: string;
    close: string;
    previous: string;
    next: string;
    execution_of: (at: number, of: number) => string;
    documentation: string;
  };
  advice: {
    outcome_unknown: string;
    timeout: string;
    validation: string;
    egress: string;
    credentials: string;
    step_limit: string;
    provider: string;
    general: string;
  };
  error: {
    title: string;
    not_found: string;
    not_found_text: string;
    server: string;
    server_text: string;
    offline: string;
    back: string;
    retry: string;
    code: (code: string) => string;
  };
  format: { day_hour: string; ago_now: string };
}

export const en: Messages = {
  app: {
    name: "Weft",
    tagline: "Agents that run to the end",
    skip_to_content: "Skip to content",
    agents: "Agents",
    runs: "Runs",
    api: "API reference",
  },
  language: { label: "Language" },
  theme: { label: "Colour scheme", light: "Light", dark: "Dark", auto: "Same as the system" },
  account: { menu: (name) => `Account of ${name}`, sign_out: "Sign out" },
  sign_in: {
    title: "Sign in to Weft",
    email: "Email",
    password: "Password",
    submit: "Sign in",
    hint: "On the first start the server printed an email and a password and wrote them to local.json in its data folder.",
    wrong: "No account has this email and password. Check both and try again.",
    invalid_email: "This is not an email address.",
    too_many: "Too many attempts. Wait a minute, then try again.",
    unreachable: "The server does not answer. Check that it is running and that you are online, then try again.",
    failed: (detail) => `The server refused to sign you in: ${detail}`,
  },
  agents: {
    title: "Agents",
    search: "Search agents",
    name: "Name",
    description: "Description",
    version: "Version",
    last_run: "Last run",
    never_run: "Never run",
    updated: "Changed",
    no_description: "No description",
    empty_title: "No agents yet",
    empty_text:
      "An agent is a graph of blocks. Import an agent file: one exported from the AutoGPT Platform works unchanged. Drop it anywhere on this page.",
    empty_example: "No file at hand? The folder examples/ of this project has several that need no key and no account.",
    none_found: (text) => `No agent matches “${text}”.`,
    more: "Next page",
    first_page: "First page",
    remove: "Delete agent",
    remove_confirm: (name) => `Delete “${name}”, all its versions included? Its runs stay.`,
    cancel: "Keep it",
  },
  import: {
    button: "Import agent",
    title: "Import an agent",
    drop: "Drop agent files here, or choose them",
    drop_active: "Drop to import",
    choose: "Choose files",
    importing: (file) => `Importing ${file}…`,
    not_json: (file, detail) => `${file} is not JSON: ${detail}. Export the agent again and import that file.`,
    too_large: (file, megabytes) => `${file} is larger than ${megabytes} MB. An agent file is rarely over one: check that it is the right file.`,
    not_read: (file) => `${file} could not be read. Check that it still exists, then try again.`,
    refused: (file) => `${file} was not imported`,
    done: (name) => `“${name}” is imported and ready to run.`,
    done_with_problems: (name, count) =>
      `“${name}” is imported, with ${count === 1 ? "one thing" : `${count} things`} to look at before it can run.`,
    open: "Open",
    close: "Dismiss",
    more_problems: (count) => `and ${count} more, shown on the agent's page`,
  },
  runs: {
    title: "Runs",
    status: "Status",
    agent: "Agent",
    started: "Started",
    duration: "Duration",
    source: "From",
    nodes: "Steps",
    all: "All",
    filter_status: "Filter by status",
    filter_agent: "Only runs of one agent",
    empty_title: "No runs yet",
    empty_text: "Open an agent, fill in its inputs and press Run. Every step of the run will show here and stays for later.",
    none_match: "No run matches the filter.",
    not_started: "Not started",
    clear_filter: "Show all runs",
  },
  status: {
    INCOMPLETE: "Waiting",
    QUEUED: "Queued",
    RUNNING: "Running",
    REVIEW: "In review",
    COMPLETED: "Completed",
    TERMINATED: "Stopped",
    FAILED: "Failed",
  },
  agent: {
    version: (version) => `Version ${version}`,
    export: "Export",
    canvas: "Graph of the agent",
    layout_busy: "Arranging the blocks…",
    no_nodes: "This agent has no blocks.",
    problems: (count) => (count === 1 ? "1 problem" : `${count} problems`),
    problems_title: "This agent cannot run yet",
    warnings_title: "Good to know",
    show_node: "Show block",
    missing_block: "Block not available",
    missing_block_text: (blockId) =>
      `No block with the id ${blockId} exists here. Replace it with another block, or remove it from the file and import again.`,
    cannot_run: "Cannot run yet",
    cannot_run_text: "Solve the problems listed above the graph first.",
    static_link: "static link",
    value_set: "value set",
    required: "required",
    deleted: "The agent of this run is gone",
    deleted_text: "The graph can no longer be drawn, but what the run did is kept below.",
  },
  canvas: {
    node_hint: "Press Enter to show what this block does and did.",
    controls: "View of the graph",
    zoom_in: "Zoom in",
    zoom_out: "Zoom out",
    fit: "Show the whole graph",
    minimap: "Overview of the graph",
  },
  tabs: { inputs: "Inputs", outputs: "Outputs", node: "Block", history: "History", panel: "Details" },
  form: {
    run: "Run",
    run_again: "Run again",
    stop: "Stop",
    stopping: "Stopping…",
    starting: "Starting…",
    no_inputs: "This agent needs no inputs. Press Run.",
    loading: "Loading the form…",
    advanced: "More inputs",
    as_text: "Text",
    as_json: "JSON",
    not_json: (detail) => `Not valid JSON: ${detail}`,
    required: "This input is required.",
    fix: "Some inputs need attention. Fix the fields marked in red, then press Run.",
    start_failed: "The run did not start",
    stop_failed: "The run could not be stopped",
    add_item: "Add an item",
    remove_item: "Remove",
    move_up: "Move up",
    move_down: "Move down",
    file_too_large: (megabytes) => `A file given as input may have at most ${megabytes} MB.`,
    previous_inputs: "Filled in with the inputs of this run.",
  },
  run: {
    title: (agent) => `Run of ${agent}`,
    connecting: "Connecting…",
    live: "Live",
    reconnecting: (seconds) => (seconds > 0 ? `Connection lost. Trying again in ${seconds} s…` : "Connection lost. Trying again…"),
    lost: "The live connection was refused. What is shown may be old.",
    retry_now: "Try now",
    ended: "Ended",
    started_at: "Started",
    ended_at: "Ended",
    duration: "Duration",
    node_runs: "Steps",
    tokens: "Tokens in / out",
    errors: "Errors",
    failed_title: "The run failed",
    terminated_title: "The run was stopped",
    terminated_text: "Blocks that were running were told to stop. What they had put out until then is kept.",
    at_node: "At block",
    show_node: "Show block",
    inputs: "Inputs of this run",
    no_inputs: "This run was started without inputs.",
    back_to_agent: "Open agent",
    copy_id: "Copy the id of this run",
    copied: "Copied",
    event_position: (at, of) => `Event ${at} of ${of}`,
    replay: "Step through the run",
    all_events: "Show the end",
    older_version: (version, active) => `This run used version ${version}; version ${active} is active now.`,
  },
  outputs: {
    waiting: "Outputs appear here as soon as they reach an output block.",
    before_run: "Nothing has run yet. Press Run and the outputs appear here.",
    none: "The run ended without a value at an output block. Click the blocks to see what each of them did.",
    none_yet: "No value yet",
    values: (count) => (count === 1 ? "1 value" : `${count} values`),
    copy: "Copy",
    copied: "Copied",
    show_all: (characters) => `Show all ${characters} characters`,
    show_less: "Show less",
    from_node: "Show the block it came from",
    empty_text: "(empty text)",
    truncated: (shown, total) => `The last ${shown} of ${total} values`,
  },
  node: {
    choose: "Click a block in the graph to see what it got, what it gave and how long it took.",
    block: "Block",
    id: "Id",
    not_run: "This block has not run.",
    runs: (count) => (count === 1 ? "Ran once" : `Ran ${count} times`),
    input: "Input",
    output: "Output",
    error: "Error",
    handled: "The error pin of this block is linked, so the agent went on with the error as a value.",
    attempt: (attempt) => `Attempt ${attempt}`,
    duration: "Duration",
    retry_at: "Next attempt",
    waiting_for: "Values that wait for the others",
    defaults: "Values set in the agent",
    no_values: "No values",
    what_to_do: "What to do",
    problems: "To fix",
    close: "Close",
    previous: "Earlier execution",
    next: "Later execution",
    execution_of: (at, of) => `Execution ${at} of ${of}`,
    documentation: "What this block does",
  },
  advice: {
    outcome_unknown:
      "The connection broke while the block was at work, and it may not run twice on its own. Check at the service whether it took effect, then run again.",
    timeout: "Give the block more time, give it less to do at once, or check whether the service it calls is slow.",
    validation: "Compare the value under Input with what the pin expects, and correct the block that produced it or the value set in the agent.",
    egress: "The address was refused or did not answer. Check the URL; the owner of this server may allow private addresses with WEFT_EGRESS_ALLOW.",
    credentials: "Check the key and base URL that this server uses for the provider.",
    step_limit: "The agent probably loops without an end. Check the links that lead back to an earlier block.",
    provider: "The service refused the request. Its answer is above; try again later if it was busy.",
    general: "Look at the values under Input. Link the error pin if the agent should go on after such an error.",
  },
  error: {
    title: "Something went wrong",
    not_found: "Not found",
    not_found_text: "There is nothing at this address, or it belongs to another workspace. Check the link, or start from the list.",
    server: "The server had a problem",
    server_text: "It is not your doing. Try again; if it stays, the server's log says more.",
    offline: "The server does not answer. Check that it is running and that you are online.",
    back: "Back to the agents",
    retry: "Try again",
    code: (code) => `Code: ${code}`,
  },
  format: { day_hour: "d h", ago_now: "just now" },
};
