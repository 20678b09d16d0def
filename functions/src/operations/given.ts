type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The fields that were given: an update leaves the others as they are. */
export const given = <T extends object>(fields: T): Partial<Given<T>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<
    Given<T>
  >;

/** Whether setting the fields would change the record. */
export const changes = <T extends object>(record: T, fields: Partial<T>): boolean =>
  (Object.keys(fields) as (keyof T)[]).some(
    (name) => JSON.stringify(fields[name]) !== JSON.stringify(record[name]),
  );
