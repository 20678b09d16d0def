import { NAME_FIELD } from "./field-paths.ts";
import type { IndexDirection, OrderTerm, QueryPlan } from "./query-plan.ts";

type QueryScope = "COLLECTION" | "COLLECTION_GROUP";

type FieldMode = {
  readonly order?: IndexDirection;
  readonly arrayConfig?: "CONTAINS";
};

/** The parsed content of a `firestore.indexes.json`. */
export type IndexFile = {
  readonly indexes: readonly {
    readonly collectionGroup: string;
    readonly queryScope: QueryScope;
    readonly fields: readonly (FieldMode & { readonly fieldPath: string })[];
  }[];
  readonly fieldOverrides: readonly {
    readonly collectionGroup: string;
    readonly fieldPath: string;
    readonly ttl?: boolean;
    readonly indexes: readonly (FieldMode & { readonly queryScope: QueryScope })[];
  }[];
};

type IndexMode = IndexDirection | "CONTAINS";

type SingleFieldIndex = { readonly mode: IndexMode; readonly scope: QueryScope };

type CompositeIndex = {
  readonly group: string;
  readonly scope: QueryScope;
  /** Without the document name. */
  readonly fields: readonly { readonly path: string; readonly mode: IndexMode }[];
  readonly nameDirection: IndexDirection;
};

const AUTOMATIC: readonly SingleFieldIndex[] = [
  { mode: "ASCENDING", scope: "COLLECTION" },
  { mode: "DESCENDING", scope: "COLLECTION" },
  { mode: "CONTAINS", scope: "COLLECTION" },
];

const modeOf = ({ order, arrayConfig }: FieldMode): IndexMode =>
  arrayConfig ?? order ?? "ASCENDING";

function toComposite({
  collectionGroup,
  queryScope,
  fields,
}: IndexFile["indexes"][number]): CompositeIndex {
  const named = fields.map((field) => ({ path: field.fieldPath, mode: modeOf(field) }));
  const last = named.at(-1)?.mode;
  return {
    group: collectionGroup,
    scope: queryScope,
    fields: named.filter((field) => field.path !== NAME_FIELD),
    nameDirection: last === "DESCENDING" ? "DESCENDING" : "ASCENDING",
  };
}

/** What a query asks of an index. */
type Demand = {
  readonly group: string;
  readonly scope: QueryScope;
  /** Fields with one value each per scan, and whether that value is an array element. */
  readonly equal: ReadonlyMap<string, "value" | "element">;
  readonly sort: readonly OrderTerm[];
  readonly nameDirection: IndexDirection;
};

function demandOf(plan: QueryPlan, aggregated: readonly string[]): Demand {
  const equal = new Map<string, "value" | "element">();
  const pinned = new Set<string>();
  for (const { path, operator } of plan.filter.conditions) {
    if (path === NAME_FIELD) continue;
    if (operator === "==") pinned.add(path);
    if (operator === "==" || operator === "in") equal.set(path, "value");
    if (operator.startsWith("array-contains")) equal.set(path, "element");
  }
  const nameDirection = plan.order.at(-1)?.direction ?? "ASCENDING";
  const sort = plan.order.slice(0, -1).filter((term) => !pinned.has(term.path));
  for (const { path } of sort) if (equal.get(path) === "value") equal.delete(path);
  for (const path of aggregated)
    if (!equal.has(path) && !sort.some((term) => term.path === path))
      sort.push({ path, direction: nameDirection });
  return {
    group: plan.collectionId,
    scope: plan.allDescendants ? "COLLECTION_GROUP" : "COLLECTION",
    equal,
    sort,
    nameDirection,
  };
}

/** Indexes are not scanned backwards: each direction is an index of its own (Index overview page). */
function serves(index: CompositeIndex, { scope, equal, sort, nameDirection }: Demand): boolean {
  if (index.scope !== scope || index.nameDirection !== nameDirection) return false;
  if (index.fields.length !== equal.size + sort.length) return false;
  const prefix = index.fields.slice(0, equal.size);
  const rest = index.fields.slice(equal.size);
  return (
    [...equal].every(([path, kind]) =>
      prefix.some(
        (field) => field.path === path && (field.mode === "CONTAINS") === (kind === "element"),
      ),
    ) && rest.every(({ path, mode }, i) => path === sort[i]?.path && mode === sort[i]?.direction)
  );
}

const SHORT_MODE = { ASCENDING: "ASC", DESCENDING: "DESC", CONTAINS: "CONTAINS" } as const;

export class IndexRules {
  readonly #composites: ReadonlyMap<string, readonly CompositeIndex[]>;
  readonly #overrides: ReadonlyMap<string, IndexFile["fieldOverrides"]>;

  constructor({ indexes, fieldOverrides }: IndexFile) {
    this.#composites = Map.groupBy(indexes.map(toComposite), ({ group }) => group);
    this.#overrides = Map.groupBy(fieldOverrides, ({ collectionGroup }) => collectionGroup);
  }

  compositesOf(group: string): readonly CompositeIndex[] {
    return this.#composites.get(group) ?? [];
  }

  /** The most specific override wins: the field, the maps around it, then `*`. */
  singleFieldIndexesOf(group: string, path: string): readonly SingleFieldIndex[] {
    const [override] = (this.#overrides.get(group) ?? [])
      .filter(
        ({ fieldPath }) =>
          fieldPath === "*" || fieldPath === path || path.startsWith(`${fieldPath}.`),
      )
      .sort((a, b) => specificity(b.fieldPath) - specificity(a.fieldPath));
    if (!override) return AUTOMATIC;
    return override.indexes.map((index) => ({ mode: modeOf(index), scope: index.queryScope }));
  }

  /** The index the query lacks, in words, or undefined when it has one. */
  missingIndex(plan: QueryPlan, aggregated: readonly string[]): string | undefined {
    if (plan.filter.hasOr) return "this double has no index rules for OR; use `in`";
    if (plan.order.at(-1)?.path !== NAME_FIELD)
      return `this double has no index rules for fields ordered after ${NAME_FIELD}`;
    const demand = demandOf(plan, aggregated);
    const single = this.#singleFieldPlan(demand);
    if (single?.missing.length === 0) return undefined;
    if (this.compositesOf(demand.group).some((index) => serves(index, demand))) return undefined;
    const composite = `composite index on ${describe(demand)}`;
    if (!single) return composite;
    const missing = `single-field index on ${place(demand)}: ${single.missing.join(", ")}`;
    return demand.equal.size > 1 ? `${missing}; or ${composite}` : missing;
  }

  /** Equality on any number of fields, or one sorted field, can run on single-field indexes alone. */
  #singleFieldPlan(demand: Demand): { readonly missing: readonly string[] } | undefined {
    const { group, scope, equal, sort, nameDirection } = demand;
    const [first, ...others] = sort;
    if (first && (equal.size > 0 || others.length > 0)) return undefined;
    if (first && first.direction !== nameDirection) return undefined;
    if ([...equal.values()].includes("element") && nameDirection === "DESCENDING") return undefined;
    const needed = [...equal].map<[string, IndexMode]>(([path, kind]) => [
      path,
      kind === "element" ? "CONTAINS" : nameDirection,
    ]);
    if (first) needed.push([first.path, first.direction]);
    if (nameDirection === "DESCENDING" && needed.length !== 1) return undefined;
    const missing = needed.filter(
      ([path, mode]) =>
        !this.singleFieldIndexesOf(group, path).some(
          (index) => index.mode === mode && index.scope === scope,
        ),
    );
    return { missing: missing.map(([path, mode]) => `${path} ${SHORT_MODE[mode]}`) };
  }
}

const specificity = (fieldPath: string) => (fieldPath === "*" ? 0 : fieldPath.length);

const place = ({ group, scope }: Demand) =>
  scope === "COLLECTION" ? group : `collection group ${group}`;

function describe(demand: Demand): string {
  const { equal, sort, nameDirection } = demand;
  const fields = [
    ...[...equal].map(([path, kind]) => `${path} ${kind === "element" ? "CONTAINS" : "ASC"}`),
    ...sort.map(({ path, direction }) => `${path} ${SHORT_MODE[direction]}`),
  ];
  if (nameDirection !== (sort.at(-1)?.direction ?? "ASCENDING"))
    fields.push(`${NAME_FIELD} ${SHORT_MODE[nameDirection]}`);
  return `${place(demand)}: ${fields.join(", ")}`;
}
