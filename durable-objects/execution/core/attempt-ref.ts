/** Names one attempt of one node execution. */
export interface AttemptRef {
  node_execution_id: string;
  attempt: number;
}
