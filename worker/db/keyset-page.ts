/** Position in a list ordered by a time and then an id, both descending. */
export interface KeysetPosition {
  time: number;
  id: string;
}

export interface KeysetPage<T> {
  items: T[];
  next: KeysetPosition | null;
}

/** Cuts a page out of `limit + 1` rows: the extra row only tells whether there is another page. */
export function keysetPage<T>(rows: T[], limit: number, positionOf: (row: T) => KeysetPosition): KeysetPage<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? positionOf(last) : null };
}
