import { templateTooCostly } from "./template-error.ts";

/** Units that one rendering may spend: a character or list element built costs 1, a step of evaluation `STEP_COST`. */
const MAX_UNITS = 20_000_000;
const STEP_COST = 40;
/** Nesting of evaluation: expressions in expressions, macros that call macros. */
const MAX_DEPTH = 200;

/**
 * Counts the work of one rendering and stops it. The count is deterministic, so a template that fits here fits everywhere,
 * and needs no clock (a Worker's clock stands still while it computes).
 * @throws BlockError `template_too_costly`
 */
export class RenderBudget {
  #units = MAX_UNITS;
  #depth = 0;

  spend(units: number): void {
    this.#units -= units;
    if (!(this.#units >= 0)) {
      throw templateTooCostly("it builds too much text or loops too long. Use smaller lists or fewer nested loops.");
    }
  }

  /** Spends what `count` steps of evaluation cost. */
  steps(count: number): void {
    this.spend(count * STEP_COST);
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw templateTooCostly("it is nested too deeply, or a macro calls itself without end.");
    }
    this.steps(1);
  }

  leave(): void {
    this.#depth -= 1;
  }
}
