/** Growing the columns of the model's tables. */

type Column = Int8Array | Uint8Array | Int16Array | Int32Array | Float64Array;

/** A copy of `column` with room for `capacity` values, the new ones 0. */
export function widen<C extends Column>(column: C, capacity: number): C {
  const copy = new (column.constructor as new (length: number) => C)(capacity);
  copy.set(column);
  return copy;
}
