/** An agent that comes with the project. */
export interface Example {
  id: string;
  name: string;
  description: string;
}
