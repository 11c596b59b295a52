/** Yields to the runtime until something has come true that happens in other objects. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
